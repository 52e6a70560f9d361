// A deadline for what is read. Where this process was not run for a while, deadline and bytes are there at the same time, and a
// turn of Node's event loop begins with the timers: so what has come is read first, and only then the time is up.

import type { Clock, Timer } from '../clock.ts'

export function readingDeadline(clock: Clock, run: () => void, delayMs: number): Pick<Timer, 'cancel'> {
  let afterReading: NodeJS.Immediate | null = null
  const timer = clock.setTimeout(() => {
    afterReading = setImmediate(run)
  }, delayMs)
  return {
    cancel: () => {
      timer.cancel()
      if (afterReading !== null) clearImmediate(afterReading)
    },
  }
}
