// What metrics() tells: a snapshot, durations in milliseconds, everything that counts as a running total.

import type { BreakerState } from './circuit-breaker/snapshot.ts'

/** What was asked for, and what works: so far each worker for itself. */
export interface ScopeMetrics {
  readonly wanted: 'worker' | 'cluster' | 'store'
  readonly effective: 'worker'
}

export interface BreakerMetrics {
  readonly state: BreakerState
  readonly success: number
  readonly failure: number
  readonly ignored: number
  readonly rejected: number
  readonly slow: number
  /** Of the window, or 0 where there is none. */
  readonly failureRate: number
  readonly opened: number
  readonly scope: ScopeMetrics
}

export interface RetryMetrics {
  readonly calls: number
  readonly attempts: number
  /** Calls that succeeded after a retry. */
  readonly recovered: number
  readonly gaveUp: number
  readonly budgetDenied: number
}

export interface RetryBudgetMetrics {
  /** Retries that would be allowed now. */
  readonly balance: number
  readonly acquired: number
  readonly denied: number
  readonly scope: ScopeMetrics
}

export interface BulkheadMetrics {
  readonly limit: number
  readonly inFlight: number
  readonly queued: number
  readonly acquired: number
  readonly rejectedFull: number
  readonly rejectedWait: number
  readonly aborted: number
  readonly scope: ScopeMetrics
}

export interface RateLimiterMetrics {
  /** Calls that may go now; for limiters by key, of the fullest allowance. */
  readonly available: number
  readonly acquired: number
  readonly rejected: number
  readonly queued: number
  readonly keys: number
  readonly scope: ScopeMetrics
}

export interface AdaptiveLimiterMetrics {
  readonly limit: number
  readonly inFlight: number
  readonly queued: number
  readonly acquired: number
  readonly rejected: number
}

export interface TimeoutMetrics {
  readonly calls: number
  readonly expired: number
  /** Given up on, not yet settled. */
  readonly abandoned: number
}

export interface HedgeMetrics {
  readonly calls: number
  readonly hedges: number
  readonly won: number
  readonly budgetDenied: number
}

export interface FallbackMetrics {
  readonly calls: number
  /** Answers in place of a failure. */
  readonly served: number
  /** Cached answers without a call. */
  readonly fresh: number
  readonly misses: number
  readonly entries: number
}

export interface ChaosMetrics {
  readonly errors: number
  readonly latencies: number
  readonly hangs: number
  readonly outcomes: number
}

export interface PipelineMetrics {
  readonly success: number
  readonly failure: number
  /** Successes that a fallback served; not counted in `success`. */
  readonly degraded: number
  readonly inFlight: number
  /** Only where the pipeline was made with `durations`. */
  readonly durations?: DurationMetrics
  readonly strategies: { readonly [name: string]: Metrics }
}

/** A histogram with fixed buckets, cumulative as Prometheus has them. */
export interface DurationMetrics {
  readonly count: number
  readonly sumMs: number
  readonly buckets: readonly { readonly upToMs: number; readonly count: number }[]
}

export type Metrics =
  | BreakerMetrics
  | RetryMetrics
  | BulkheadMetrics
  | RateLimiterMetrics
  | AdaptiveLimiterMetrics
  | TimeoutMetrics
  | HedgeMetrics
  | FallbackMetrics
  | ChaosMetrics
  | PipelineMetrics
