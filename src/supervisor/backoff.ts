// The wait before a slot's next start, from how many crashes are not yet forgiven.
// Exponential with a cap; the first crash restarts at once, since most are one-offs.

import type { BackoffSettings } from '../config/settings.ts'

/**
 * Milliseconds to wait after the `debt`-th unforgiven crash: 0, initial, initial·factor, … capped at max, then stretched by
 * U[0, jitter). Whole milliseconds. `random` is in [0, 1). Finite for any debt.
 */
export function backoffMs(debt: number, settings: BackoffSettings, random: number): number {
  if (debt <= 1) return 0
  const base = Math.min(settings.maxMs, settings.initialMs * settings.factor ** (debt - 2))
  return Math.floor(base * (1 + random * settings.jitter))
}

/** Each full `stableAfterMs` of ready time forgives one crash. */
export function forgive(debt: number, readyForMs: number, stableAfterMs: number): number {
  if (stableAfterMs <= 0) return 0
  return Math.max(0, debt - Math.floor(readyForMs / stableAfterMs))
}
