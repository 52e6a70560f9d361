// When a closed circuit has failed too often: in a row, of the last N calls, or of the last so many milliseconds.
// Recording is O(1), and a window's memory is fixed when it is made.

import type { OpenCause } from '../events.ts'
import { TimeWindow } from '../time-window.ts'

export interface Window {
  /** Records a completed call and says whether the circuit should open now. */
  record(failed: boolean, slow: boolean, now: number): OpenCause | undefined
  failureRate(now: number): number
  /** Failures since the last success. */
  readonly consecutiveFailures: number
  clear(): void
  /** Whether `now` matters: a clock read costs as much as all the rest. */
  readonly needsTime: boolean
}

export function consecutive(threshold: number, initial = 0): Window {
  let failures = initial
  return {
    record: (failed) => {
      if (!failed) {
        failures = 0
        return undefined
      }
      failures += 1
      return failures >= threshold ? 'failures' : undefined
    },
    failureRate: () => 0,
    get consecutiveFailures() {
      return failures
    },
    clear: () => {
      failures = 0
    },
    needsTime: false,
  }
}

export interface RateRules {
  readonly failureRate: number
  readonly slowCallRate: number
  readonly minimumCalls: number
}

function verdict(rules: RateRules, calls: number, failures: number, slow: number): OpenCause | undefined {
  if (calls < rules.minimumCalls) return undefined
  if (failures > 0 && failures / calls >= rules.failureRate) return 'failure-rate'
  return slow > 0 && slow / calls >= rules.slowCallRate ? 'slow-call-rate' : undefined
}

/** One byte a call: bit 0 failed, bit 1 slow. */
export function lastCalls(size: number, rules: RateRules): Window {
  const ring = new Uint8Array(size)
  let [next, calls, failures, slow, inARow] = [0, 0, 0, 0, 0]
  return {
    record: (failed, wasSlow) => {
      const old = ring[next] ?? 0
      if (calls === size) {
        failures -= old & 1
        slow -= old >> 1
      } else calls += 1
      ring[next] = (failed ? 1 : 0) | (wasSlow ? 2 : 0)
      next = next + 1 === size ? 0 : next + 1
      failures += failed ? 1 : 0
      slow += wasSlow ? 1 : 0
      inARow = failed ? inARow + 1 : 0
      return verdict(rules, calls, failures, slow)
    },
    failureRate: () => (calls === 0 ? 0 : failures / calls),
    get consecutiveFailures() {
      return inARow
    },
    clear: () => {
      next = calls = failures = slow = inARow = 0
    },
    needsTime: false,
  }
}

export function lastMilliseconds(durationMs: number, rules: RateRules): Window {
  const window = new TimeWindow(durationMs, ['calls', 'failures', 'slow'])
  let inARow = 0
  return {
    record: (failed, wasSlow, now) => {
      window.add('calls', now)
      if (failed) window.add('failures', now)
      if (wasSlow) window.add('slow', now)
      inARow = failed ? inARow + 1 : 0
      return verdict(rules, window.total('calls', now), window.total('failures', now), window.total('slow', now))
    },
    failureRate: (now) => {
      const calls = window.total('calls', now)
      return calls === 0 ? 0 : window.total('failures', now) / calls
    },
    get consecutiveFailures() {
      return inARow
    },
    clear: () => {
      window.clear()
      inARow = 0
    },
    needsTime: true,
  }
}
