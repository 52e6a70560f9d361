// `resil diagnose`: what one worker does right now, in the terminal or as a file for Chrome DevTools.

import { resolve } from 'node:path'
import { ResilError } from '../../errors.ts'
import { slotName } from '../../events/words.ts'
import { EXIT } from '../../exit-codes.ts'
import { choosePaint } from '../../process/output/colour.ts'
import { type DiagnoseRequest, LONGEST_PROFILE_MS } from '../../protocol/control.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { leave } from '../interrupt.ts'
import { durationOf, type SocketOption, socketOption } from '../options.ts'
import { renderEvidence } from '../render/evidence.ts'
import { withSupervisor } from '../with-supervisor.ts'

interface DiagnoseOptions extends SocketOption {
  readonly stack?: boolean
  readonly cpu?: string
  readonly heap?: boolean
  readonly heapStats?: boolean
  readonly output?: string
  readonly force?: boolean
  readonly timeout?: string
  readonly json?: boolean
}

const SHORTEST_PROFILE_MS = 10

export const diagnoseCommand: CommandSpec<DiagnoseOptions> = {
  name: 'diagnose',
  summary: 'look into one worker: where it stands, what it spends its time on, what fills its heap',
  argument: { name: 'app:slot', required: true, summary: 'the worker: web:2; the app alone where it has only one' },
  options: [
    { flags: '--stack', summary: 'where its main thread stands, also while it is blocked (this is the default)' },
    { flags: '--cpu <duration>', summary: 'a CPU profile of so long, such as 10s, as a .cpuprofile' },
    { flags: '--heap', summary: 'a .heapsnapshot; the worker answers nobody while it is written' },
    { flags: '--heap-stats', summary: 'how full its heap is, and which part of it' },
    {
      flags: '-o, --output <file>',
      summary: 'where the file goes (default: this folder, named after worker and time)',
    },
    { flags: '--force', summary: 'with --heap: also where disk or memory may not be enough' },
    {
      flags: '--timeout <duration>',
      summary: 'the longest that it may take, beside the time of a profile (default: 5s; --heap: 10m)',
    },
    { flags: '--json', summary: 'print what was found as JSON' },
    socketOption,
  ],
  note: 'Chrome DevTools opens the files. They are for their owner alone (mode 0600), and\nno file that exists is ever written over.',
  examples: [
    ['resil diagnose web:0', 'where a worker hangs'],
    ['resil diagnose web:0 --cpu 10s', 'what it computes all the time'],
    ['resil diagnose web:0 --heap -o /tmp/web.heapsnapshot', 'what it holds in memory'],
  ],
  run: diagnose,
}

async function diagnose(target = '', options: DiagnoseOptions, context: CliContext): Promise<number> {
  const { json = false, socket } = options
  const request = requestOf(target, options, context)
  const timeBoxMs = options.timeout === undefined ? undefined : durationOf('--timeout', options.timeout)
  const signal = context.interrupted()
  return withSupervisor(context, { socket, target }, async ({ client }) => {
    try {
      const result = await client.request(
        'diagnose',
        { target, request, timeBoxMs },
        { signal, onItem: ({ note }) => void (json || context.stderr.write(`${note}\n`)) },
      )
      const style = { paint: choosePaint(context.stdout.isTTY === true, context.env) }
      const name = slotName(result.app, result.slot)
      if (json) context.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
      else if (result.evidence.kind !== 'none') context.stdout.write(renderEvidence(result, style))
      else context.stderr.write(`resil: ${name} (pid ${result.pid}): ${result.evidence.reason}\n`)
      return result.evidence.kind === 'none' ? EXIT.failed : EXIT.ok
    } catch (error) {
      if (signal.aborted) return leave(context, 'no longer waiting; what was begun in the worker ends by itself')
      throw error
    }
  })
}

function requestOf(target: string, options: DiagnoseOptions, context: CliContext): DiagnoseRequest {
  const { stack, cpu, heap, heapStats, output, force = false } = options
  const kinds = [stack && '--stack', cpu !== undefined && '--cpu', heap && '--heap', heapStats && '--heap-stats']
  const asked = kinds.filter((flag) => typeof flag === 'string')
  if (asked.length > 1) throw usage(`${asked.join(' and ')} are ${asked.length} questions: ask one at a time`)
  if (force && !heap) throw usage('--force goes with --heap only')
  const file = (extension: string): string => resolve(context.cwd, output ?? defaultName(target, extension, context))
  if (cpu !== undefined) {
    const durationMs = durationOf('--cpu', cpu)
    if (durationMs < SHORTEST_PROFILE_MS || durationMs > LONGEST_PROFILE_MS) {
      throw usage(`--cpu: ${cpu} is not from ${SHORTEST_PROFILE_MS}ms to ${LONGEST_PROFILE_MS / 1_000}s`)
    }
    return { kind: 'cpu-profile', durationMs, file: file('cpuprofile') }
  }
  if (heap) return { kind: 'heap-snapshot', file: file('heapsnapshot'), force }
  if (output !== undefined) throw usage('-o goes with --cpu and --heap; the rest is printed, as JSON with --json')
  return { kind: heapStats ? 'heap-statistics' : 'stack' }
}

function usage(message: string): ResilError {
  return new ResilError('RESIL_USAGE', message)
}

/** web-2-20260131T120000.cpuprofile */
function defaultName(target: string, extension: string, { clock }: CliContext): string {
  const time = new Date(clock.wallNow()).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')
  return `${target.replaceAll(/[^\w.-]/g, '-')}-${time}.${extension}`
}
