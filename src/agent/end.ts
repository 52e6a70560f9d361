// How a drained worker ends: by the app's own hand if it listens for the signal, else as quietly as it can.

import { constants } from 'node:os'

/** For work that goes on after a response was sent, and for output that is not written yet; then nobody waits any more. */
const LAST_WORK_MS = 100

export interface Ending {
  readonly signal: string
  /** A server: its work is done when its connections are. Anything else is in the middle of it, as far as one can know. */
  readonly hasServed: boolean
  /** There is a supervisor that takes a worker's exit, and forces it after the deadline. */
  readonly supervised: boolean
  readonly giveSignalsBack: () => void
}

export function endProcess({ signal, hasServed, supervised, giveSignalsBack }: Ending): void {
  const number = constants.signals[signal as NodeJS.Signals]
  // Some handlers clean up and then kill their own process by the same signal (signal-exit does).
  giveSignalsBack()
  if (process.listenerCount(signal) > 0) {
    // As Node emits a signal that comes from outside (lib/internal/process/signal.js).
    Reflect.apply(process.emit, process, [signal, signal, number])
  } else if (!supervised) {
    process.exit()
  } else if (hasServed) {
    // Ends earlier if nothing is left to do.
    setTimeout(() => process.exit(), LAST_WORK_MS).unref()
  } else {
    // The signal's default action: a job that was interrupted must not look like one that is through.
    process.kill(process.pid, signal)
  }
}
