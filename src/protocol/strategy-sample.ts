// What workers tell of their named breakers and bulkheads, and of chaos: the words that agent, supervisor and status share.

/** The better first. */
export const BREAKER_STATES = ['closed', 'disabled', 'half-open', 'open', 'forced-open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

/** One strategy of one worker; `id` counts up within the worker, since names may be used twice. */
export type StrategySample =
  | {
      readonly id: number
      readonly kind: 'circuitBreaker'
      readonly name: string
      readonly state: BreakerState
      /** Totals since it was made: what was counted as a success or a failure, and what was not let through. */
      readonly calls: number
      readonly failures: number
      readonly rejected: number
    }
  | {
      readonly id: number
      readonly kind: 'bulkhead'
      readonly name: string
      readonly limit: number
      readonly inFlight: number
      readonly queued: number
      readonly rejected: number
    }
  | {
      readonly id: number
      readonly kind: 'chaos'
      readonly name: string
      /** Faults of all sorts, since it was made. Told from the first one on. */
      readonly injected: number
    }
  /** Disposed of, or let go by the app. */
  | { readonly id: number; readonly kind: 'gone' }

/** Strategies of one worker that are told of. */
export const MOST_STRATEGIES = 50
export const LONGEST_STRATEGY_NAME = 200
