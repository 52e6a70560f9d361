// Runs a command in this process, with streams that remember and a clock that can be turned.

import { PassThrough } from 'node:stream'
import type { CliContext, TextOutput } from '../../src/cli/context.ts'
import { run } from '../../src/cli/main.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { tempDir } from './temp-dir.ts'

export interface InProcessOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly clock?: Clock
  /** As if on a terminal of so many columns. */
  readonly terminal?: number
  /** Aborted by the test as Ctrl-C would. */
  readonly interrupts?: AbortController
  /** Called with each piece that is written to stdout. */
  readonly onStdout?: (text: string) => void
}

export interface InProcessRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function runInProcess(argv: readonly string[], options: InProcessOptions = {}): Promise<InProcessRun> {
  let code = -1
  const { terminal } = options
  const stdout = remember(terminal, options.onStdout)
  const stderr = remember(terminal)
  const interrupts = options.interrupts ?? new AbortController()
  const context: CliContext = {
    stdout: stdout.output,
    stderr: stderr.output,
    env: options.env ?? {},
    cwd: options.cwd ?? tempDir(),
    uid: process.getuid?.() ?? 0,
    docs: '/opt/resil/docs',
    self: [process.execPath, 'resil'],
    clock: options.clock ?? systemClock,
    interrupted: () => interrupts.signal,
    finish: (finished) => {
      code = finished
    },
  }
  await run(argv, context)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function remember(terminal: number | undefined, onText: (text: string) => void = () => {}) {
  let text = ''
  const stream = new PassThrough({ decodeStrings: false, encoding: 'utf8' })
  stream.on('data', () => {})
  const write = stream.write.bind(stream)
  const shape = terminal === undefined ? {} : { isTTY: true, columns: terminal, rows: 24 }
  const output = Object.assign(stream, shape, {
    write: (chunk: string) => {
      text += chunk
      onText(chunk)
      return write(chunk)
    },
  })
  return { output: output as unknown as TextOutput, text: () => text }
}
