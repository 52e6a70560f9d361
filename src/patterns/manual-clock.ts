// A clock that stands still until it is turned: for tests of whatever takes a `clock`. Timers run in order of time, then of
// arming.

import type { Clock } from '../clock.ts'

export interface ManualClock extends Clock {
  /** Runs what is due on the way; promises settle when the caller next awaits. */
  advance(ms: number): void
  /** Timers that are armed. */
  readonly pending: number
}

interface Armed {
  readonly at: number
  readonly run: () => void
}

export function manualClock(startMs = 0): ManualClock {
  const timers = new Set<Armed>()
  let now = startMs
  const next = (until: number): Armed | undefined => {
    let first: Armed | undefined
    for (const timer of timers) if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
  return {
    now: () => now,
    wallNow: () => 1_700_000_000_000 + now,
    setTimeout: (run, delayMs) => {
      const timer = { at: now + Math.max(0, delayMs), run }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    get pending() {
      return timers.size
    },
    advance: (ms) => {
      const until = now + ms
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.run()
      }
      now = until
    },
  }
}
