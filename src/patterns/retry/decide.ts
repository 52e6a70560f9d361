// Whether to try again, and when: the whole policy as one pure function. Waiting is the layer's.

import type { GaveUpCause } from '../events.ts'
import { type Backoff, delayOf } from './backoff.ts'

export interface RetryRules {
  readonly maxAttempts: number
  readonly backoff: Backoff
  readonly maxRetryAfterMs: number
  readonly random: () => number
}

export interface FailedAttempt {
  /** How many were made, this one included. */
  readonly attempts: number
  readonly previousDelayMs: number
  readonly retryAfterMs: number | undefined
  /** Until the nearest timeout around; Infinity if none. */
  readonly remainingMs: number
}

export type Decision =
  | { readonly retry: true; readonly delayMs: number }
  | { readonly retry: false; readonly cause: GaveUpCause }

/** `leave` asks the budget, and only for a retry that would be made. */
export function decide(rules: RetryRules, failed: FailedAttempt, leave: () => boolean): Decision {
  if (failed.attempts >= rules.maxAttempts) return { retry: false, cause: 'attempts' }
  // Nobody's number (NaN, a string) is no wish.
  const asked = typeof failed.retryAfterMs === 'number' && failed.retryAfterMs > 0 ? failed.retryAfterMs : 0
  if (asked > rules.maxRetryAfterMs) return { retry: false, cause: 'retry-after' }
  const backoffMs = delayOf(rules.backoff, failed.attempts, failed.previousDelayMs, rules.random)
  const delayMs = Math.max(asked, backoffMs)
  if (delayMs >= failed.remainingMs) return { retry: false, cause: asked > backoffMs ? 'retry-after' : 'deadline' }
  return leave() ? { retry: true, delayMs } : { retry: false, cause: 'budget' }
}
