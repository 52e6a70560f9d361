// What a command gets from the outside: streams, environment, folder, time. Commands never touch `process` themselves.
// main.ts makes the real one; tests hand in their own.

import type { Clock } from '../clock.ts'

/** A stream to write text to. `isTTY` and `columns` as on process.stdout. */
export type TextOutput = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/**
 * Each command is a `registerX(program, context)` in commands/: it declares arguments, options and examples,
 * and its action ends with `context.finish(exitCode)`. Registering runs on every start of `resil`, so what is
 * heavy (zod, cosmiconfig, pino) is `import()`ed inside the action.
 */
export interface CliContext {
  readonly stdout: TextOutput
  readonly stderr: TextOutput
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute, and real: no symbolic links in it. */
  readonly cwd: string
  readonly uid: number
  /** The command that runs resil: node, its flags, and bin/resil.js. */
  readonly self: readonly string[]
  readonly clock: Clock
  /** The folder of resil's own documentation; asked for only where it is named. */
  readonly docs: string
  /** Aborted when the person wants out (Ctrl-C, SIGTERM) or nobody reads on; signals are listened to from the first call on. */
  readonly interrupted: () => AbortSignal
  /** What the process shall exit with. A thrown ResilError does the same with its own code and prints its line. */
  readonly finish: (exitCode: number) => void
}
