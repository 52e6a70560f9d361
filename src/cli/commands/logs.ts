// `resil logs`: what the workers said, and, with -f, say. The supervisor remembers the newest lines; older ones are in log.file.

import { ResilError } from '../../errors.ts'
import type { LogLine } from '../../protocol/control.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { countOf, type SocketOption, sinceOf, socketOption } from '../options.ts'
import { logLineRenderer } from '../render/log-line.ts'
import { appOf, withSupervisor } from '../with-supervisor.ts'

interface LogsOptions extends SocketOption {
  readonly follow?: boolean
  readonly since?: string
  readonly grep?: string
  readonly lines?: string
  readonly time?: boolean
  readonly json?: boolean
}

export const logsCommand: CommandSpec<LogsOptions> = {
  name: 'logs',
  summary: 'show what the workers, and resil itself, have said last',
  argument: { name: 'app', required: false, summary: 'one app; all of them where it is left out' },
  options: [
    { flags: '-f, --follow', summary: 'go on with what comes, until Ctrl-C' },
    { flags: '-n, --lines <count>', summary: 'the newest lines only (default: all that the supervisor remembers)' },
    { flags: '--since <time>', summary: 'from then on: 10m (ago), or a date such as 2026-01-31T12:00:00Z' },
    { flags: '--grep <text>', summary: 'lines with this text, or matching this /regular expression/' },
    { flags: '-t, --time', summary: 'put the time of each line before it' },
    { flags: '--json', summary: 'print each line as a JSON object: at, app, slot, pid, stream, text' },
    socketOption,
  ],
  examples: [
    ['resil logs web -f', 'follow web'],
    ['resil logs -n 50 -t', 'the last 50 lines, with times'],
    ['resil logs --since 10m --grep "/timeout|refused/i"', 'what went wrong in the last ten minutes'],
  ],
  run: logs,
}

async function logs(target: string | undefined, options: LogsOptions, context: CliContext): Promise<number> {
  const { follow = false, grep, time = false, json = false } = options
  const since = options.since === undefined ? undefined : sinceOf(options.since, context.clock.wallNow())
  const lines = options.lines === undefined ? undefined : countOf('--lines', options.lines)
  const pattern = grep === undefined ? null : patternOf(grep)
  const render = logLineRenderer({ time, json, isTty: context.stdout.isTTY === true, env: context.env })
  // Regular expressions are tried here: a slow one would hang the supervisor.
  const matches = ({ text }: LogLine): boolean => pattern === null || pattern.test(text)
  const print = (line: LogLine): void => {
    if (matches(line)) context.stdout.write(render(line))
  }

  return withSupervisor(context, { socket: options.socket, target }, async (found) => {
    const app = appOf(found, target)
    const plain = pattern === null ? grep : undefined
    const wanted = { app, since, grep: plain }
    const signal = context.interrupted()
    let early: LogLine[] | null = []
    // Asked for in this order on one connection: no line is lost between what was and what comes, and none comes twice.
    const following = follow
      ? found.client.request(
          'logs',
          { ...wanted, follow: true, lines: 0 },
          { signal, onItem: (line) => (early === null ? print(line) : early.push(line)) },
        )
      : Promise.resolve()
    const remembered: LogLine[] = []
    const remembering = found.client.request(
      'logs',
      { ...wanted, lines: pattern === null ? lines : undefined },
      { signal, onItem: (line) => void (matches(line) && remembered.push(line)) },
    )
    try {
      await Promise.race([remembering, following.then(() => remembering)])
      for (const line of lines === undefined ? remembered : remembered.slice(remembered.length - lines)) print(line)
      for (const line of early) print(line)
      early = null
      await following
      return 0
    } catch (error) {
      // To end it is what Ctrl-C is for here.
      if (signal.aborted) return 0
      throw error
    }
  })
}

/** null: plain text. */
function patternOf(grep: string): RegExp | null {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(grep) ?? []
  if (source === undefined) return null
  try {
    // Neither g nor y: they would remember where the last line matched.
    return new RegExp(source, flags?.replaceAll(/[gy]/g, ''))
  } catch (error) {
    throw new ResilError('RESIL_USAGE', `--grep: ${(error as Error).message}`)
  }
}
