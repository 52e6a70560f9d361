// `resil status`: one document, as a table or as JSON, once or again and again.

import type { FoundSupervisor } from '../../control/find.ts'
import { choosePaint } from '../../process/output/colour.ts'
import type { StatusDocument } from '../../protocol/status.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { type SocketOption, socketOption } from '../options.ts'
import { redraw } from '../render/redraw.ts'
import { renderStatus } from '../render/status.ts'
import { appOf, withSupervisor } from '../with-supervisor.ts'

interface StatusOptions extends SocketOption {
  readonly json?: boolean
  readonly watch?: boolean
}

const DEFAULT_WIDTH = 80
const WATCH_INTERVAL_MS = 1_000

export const statusCommand: CommandSpec<StatusOptions> = {
  name: 'status',
  summary: 'show what runs, how it is, and how it last died',
  argument: { name: 'app', required: false, summary: 'one app; all of them where it is left out' },
  options: [
    { flags: '--json', summary: 'print one valid JSON document, whatever the situation' },
    { flags: '-w, --watch', summary: 'show it again every second, until Ctrl-C' },
    socketOption,
  ],
  examples: [
    ['resil status', 'all apps of the supervisor of this folder'],
    ['resil status web --watch', 'follow one app'],
    ['resil status --json', 'for scripts; exit code 69 and "supervisor": null where none runs'],
  ],
  jsonWhenFailed: { supervisor: null, apps: [] },
  run: status,
}

async function status(
  target: string | undefined,
  { json = false, watch = false, socket }: StatusOptions,
  context: CliContext,
): Promise<number> {
  return withSupervisor(context, { socket, target }, async (found) => {
    const params = { app: appOf(found, target) }
    if (watch) return await watchStatus(found, params, json, context)
    const document = await found.client.request('status', params)
    context.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : render(document, context))
    return 0
  })
}

/** On a terminal in place; else one after the other, JSON on one line each. */
async function watchStatus(
  { client }: FoundSupervisor,
  params: { readonly app: string | undefined },
  json: boolean,
  context: CliContext,
): Promise<number> {
  const signal = context.interrupted()
  const screen = !json && context.stdout.isTTY === true ? redraw(context.stdout) : null
  try {
    for (let first = true; !signal.aborted; first = false) {
      const document = await client.request('status', params, { signal })
      if (json) context.stdout.write(`${JSON.stringify(document)}\n`)
      else if (screen !== null) screen.show(render(document, context))
      else context.stdout.write((first ? '' : '\n') + render(document, context))
      await pause(context, signal)
    }
    return 0
  } catch (error) {
    // To end it is what Ctrl-C is for here.
    if (signal.aborted) return 0
    throw error
  } finally {
    screen?.close()
  }
}

function pause({ clock }: CliContext, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimeout(done, WATCH_INTERVAL_MS)
    signal.addEventListener('abort', done, { once: true })
  })
}

function render(document: StatusDocument, { stdout, env, clock }: CliContext): string {
  return renderStatus(document, {
    // Some terminals say 0 before they know.
    width: stdout.columns || DEFAULT_WIDTH,
    paint: choosePaint(stdout.isTTY === true, env),
    now: clock.wallNow(),
  })
}
