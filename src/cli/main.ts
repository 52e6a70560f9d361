// The command line's entry: from arguments to an exit code. Commands are in commands/, what they are called with in program.ts.

import { systemClock } from '../clock.ts'
import type { CliContext, TextOutput } from './context.ts'
import { failureOf } from './failure.ts'
import { listenForInterrupts } from './interrupt.ts'
import { createProgram, isCommand } from './program.ts'
import { readLine } from './typed-line.ts'

/** Everything that runs `resil` in this process: bin/resil.js only sets the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupts = listenForInterrupts()
  // `| head` closes the pipe: what we write then goes nowhere, and nobody waits for more.
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') interrupts.abort('EPIPE')
  }
  let exitCode = 0
  const code = await run(argv, {
    // Each costs a command half a millisecond, so neither is made before it is used.
    get stdout() {
      return watched(process.stdout, onError)
    },
    get stderr() {
      return watched(process.stderr, onError)
    },
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    clock: systemClock,
    interrupted: interrupts.signal,
    finish: (finished) => {
      exitCode = finished
    },
  })
  interrupts.close()
  return code ?? exitCode
}

function watched(output: TextOutput, onError: (error: NodeJS.ErrnoException) => void): TextOutput {
  if (!output.listeners('error').includes(onError)) output.on('error', onError)
  return output
}

/** For tests and `main`. Resolves with the exit code of a failure; null where the command said its own by `finish`. */
export async function run(argv: readonly string[], context: CliContext): Promise<number | null> {
  const typed = readLine(argv)
  try {
    const program = createProgram(context, typed)
    const [first = ''] = typed.own
    // commander answers an unknown command that is followed by --help with its general help, as if all were well.
    const known = first.startsWith('-') || isCommand(first)
    await program.parseAsync(known ? [...typed.own] : [first], { from: 'user' })
    return null
  } catch (error) {
    const { exitCode, lines } = failureOf(error, typed.own[0])
    context.stderr.write(lines.map((line) => `${line}\n`).join(''))
    return exitCode
  }
}
