// A clock that stands still until it is advanced; timers run in order of time, then of arming.

import type { Clock } from '../../src/clock.ts'

export interface FakeClock extends Clock {
  advance(ms: number): void
  /** Time passes while the process is busy: no timer runs before the next advance. */
  stall(ms: number): void
  /** Timers that are armed. */
  readonly pending: number
}

export function fakeClock(startMs = 1_000): FakeClock {
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  let now = startMs
  let lastId = 0
  return {
    now: () => now,
    wallNow: () => 1_700_000_000_000 + now,
    setTimeout: (run, delayMs) => {
      lastId += 1
      const id = lastId
      timers.set(id, { at: now + Math.max(0, delayMs), run })
      return { cancel: () => void timers.delete(id) }
    },
    get pending() {
      return timers.size
    },
    stall: (ms) => {
      now += ms
    },
    advance: (ms) => {
      const end = now + ms
      for (;;) {
        const [due] = [...timers].filter(([, { at }]) => at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b)
        if (due === undefined) break
        const [id, { at, run }] = due
        timers.delete(id)
        now = Math.max(now, at)
        run()
      }
      now = end
    },
  }
}
