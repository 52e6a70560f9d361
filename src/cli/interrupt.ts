// When the person wants out: Ctrl-C, SIGTERM, or a reader of our output that has gone (`resil logs -f | head`).

import { signalExitCode } from '../exit-codes.ts'
import type { CliContext } from './context.ts'

/** What aborts: the reason of `context.interrupted()`. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'EPIPE'

/** Says what goes on without us, and gives the exit code: as a shell reports the signal; 0 where only the reader went. */
export function leave(context: CliContext, message: string): number {
  const interruption: Interruption = context.interrupted().reason
  if (interruption !== 'EPIPE') context.stderr.write(`resil: ${message}\n`)
  return signalExitCode(interruption)
}

export interface Interrupts {
  readonly signal: () => AbortSignal
  readonly abort: (interruption: Interruption) => void
  close(): void
}

/** Signals keep their default, which ends the process, until somebody asks for the AbortSignal. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController()
  let listening = false
  const onSignal = (signal: NodeJS.Signals): void => {
    // The second one is not waited for.
    stop()
    controller.abort(signal)
  }
  const stop = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  return {
    signal: () => {
      if (!listening) {
        listening = true
        process.on('SIGINT', onSignal)
        process.on('SIGTERM', onSignal)
      }
      return controller.signal
    },
    abort: (interruption) => controller.abort(interruption),
    close: stop,
  }
}
