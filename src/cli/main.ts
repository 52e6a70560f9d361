// The command line's entry: from arguments to an exit code. Commands are in commands/, what they are called with in program.ts.

import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../clock.ts'
import { ResilError } from '../errors.ts'
import type { CliContext, TextOutput } from './context.ts'
import { failureAsJson, failureOf } from './failure.ts'
import { listenForInterrupts } from './interrupt.ts'
import { lightCommands } from './light-commands.ts'
import { quickParse } from './quick-parse.ts'
import { readLine } from './typed-line.ts'

/** Everything that runs `resil` in this process: bin/resil.js only sets the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupts = listenForInterrupts()
  // `| head` closes the pipe: what we write then goes nowhere, and nobody waits for more.
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') interrupts.abort('EPIPE')
  }
  let exitCode = 0
  await run(argv, {
    // Each costs a command half a millisecond, so neither is made before it is used.
    get stdout() {
      return watched(process.stdout, onError)
    },
    get stderr() {
      return watched(process.stderr, onError)
    },
    env: process.env,
    get cwd() {
      return currentFolder()
    },
    uid: process.getuid?.() ?? 0,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    clock: systemClock,
    get docs() {
      return docsFolder(process.argv[1] ?? '')
    },
    interrupted: interrupts.signal,
    finish: (code) => {
      exitCode = code
    },
  })
  interrupts.close()
  return exitCode
}

/** Never rejects: what goes wrong is told on stderr and by `finish`. */
export async function run(argv: readonly string[], context: CliContext): Promise<void> {
  const line = readLine(argv)
  const [command, ...words] = line.own
  try {
    const spec = lightCommands.find(({ name }) => name === command)
    const quick = spec === undefined ? null : quickParse(spec, words)
    if (spec !== undefined && quick !== null) {
      context.finish(await spec.run(quick.argument, quick.options, context, line))
    } else {
      const { runProgram } = await import('./program.ts')
      await runProgram(line, context)
    }
  } catch (error) {
    const failure = failureOf(error, command)
    // Scripts parse what stands on stdout before they look at the exit code.
    if (words.includes('--json') && failure.lines.length > 0) {
      const spec = lightCommands.find(({ name }) => name === command)
      context.stdout.write(failureAsJson(failure, spec?.jsonWhenFailed))
    }
    context.stderr.write(failure.lines.map((text) => `${text}\n`).join(''))
    context.finish(failure.exitCode)
  }
}

function watched(output: TextOutput, onError: (error: NodeJS.ErrnoException) => void): TextOutput {
  if (!output.listeners('error').includes(onError)) output.on('error', onError)
  return output
}

/** A deploy may have replaced the folder that a shell still stands in. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch (error) {
    throw new ResilError('RESIL_USAGE', 'the current folder does not exist any more: change to another', {
      cause: error,
    })
  }
}

/** Beside bin/, in the package itself: what is run may be a link to it. */
function docsFolder(bin: string): string {
  try {
    return join(dirname(realpathSync(bin)), '../docs')
  } catch {
    return 'docs'
  }
}
