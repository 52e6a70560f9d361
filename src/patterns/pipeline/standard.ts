// The usual pipeline for calls to another service, in the order and with the numbers of .NET's standard resilience handler.

import { type BulkheadOptions, bulkhead } from '../bulkhead/bulkhead.ts'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.ts'
import type { CircuitBreakerOptions } from '../circuit-breaker/options.ts'
import { COMMON_KEYS, type CommonOptions, checkKeys } from '../options.ts'
import { exponentialBackoff } from '../retry/backoff.ts'
import { type RetryOptions, retry } from '../retry/retry.ts'
import { retryBudget } from '../retry/retry-budget.ts'
import { timeout } from '../timeout/timeout.ts'
import { type AnyStrategy, type Pipeline, PipelineStrategy } from './pipeline.ts'
import type { Strategy } from './strategy.ts'

export interface StandardOptions<In, V> extends Omit<CommonOptions, 'name'> {
  /** Outermost, if any. */
  readonly fallback?: Strategy<In, V> | undefined
  /** All attempts and waits. Default 30_000. */
  readonly totalTimeoutMs?: number | undefined
  /** Default maxAttempts 3 with a budget of its own. */
  readonly retry?: RetryOptions<In> | false | undefined
  /** Default 0.5 of >= 20 calls in 30_000, open 5_000, growing to 60_000. */
  readonly circuitBreaker?: CircuitBreakerOptions<In> | false | undefined
  /** Inside retry: a call that waits to retry holds no permit. Default 100, no queue. */
  readonly bulkhead?: BulkheadOptions | false | undefined
  /** Default 10_000. */
  readonly attemptTimeoutMs?: number | undefined
  /** See PipelineOptions. */
  readonly durations?: boolean | undefined
}

export const STANDARD_KEYS = [
  ...COMMON_KEYS.filter((key) => key !== 'name'),
  'fallback',
  'totalTimeoutMs',
  'retry',
  'circuitBreaker',
  'bulkhead',
  'attemptTimeoutMs',
  'durations',
]

/** The strategies of a standard pipeline, made but not put together. */
export interface StandardParts<In> {
  readonly total: Strategy
  readonly retry: Strategy<In> | undefined
  readonly breaker: Strategy<In> | undefined
  readonly bulkhead: Strategy | undefined
  readonly attempt: Strategy
}

export function standardParts<In>(name: string, options: StandardOptions<In, unknown>): StandardParts<In> {
  const { clock, random } = options
  const named = (part: string) => ({ name: `${name}.${part}`, clock, random })
  return {
    total: timeout({ ...named('total'), timeoutMs: options.totalTimeoutMs ?? 30_000 }),
    retry:
      options.retry === false
        ? undefined
        : retry<In>({ ...named('retry'), budget: retryBudget({ ...named('budget') }), ...options.retry }),
    breaker:
      options.circuitBreaker === false
        ? undefined
        : circuitBreaker<In>({
            ...named('breaker'),
            ...((options.circuitBreaker ?? standardBreaker()) as CircuitBreakerOptions<In>),
          }),
    bulkhead:
      options.bulkhead === false
        ? undefined
        : bulkhead({ ...named('bulkhead'), maxConcurrentCalls: 100, ...options.bulkhead }),
    attempt: timeout({ ...named('attempt'), timeoutMs: options.attemptTimeoutMs ?? 10_000 }),
  }
}

/** Yours replaces it as a whole: half of each would be neither. */
export function standardBreaker(): CircuitBreakerOptions<never> {
  return {
    window: { durationMs: 30_000 },
    failureRate: 0.5,
    minimumCalls: 20,
    openMs: exponentialBackoff({ initialMs: 5000, maxMs: 60_000, jitter: 'none' }),
  }
}

/** fallback? → timeout (total) → retry → circuitBreaker → bulkhead → timeout (attempt). */
export function standard<In = unknown, V = never>(name: string, options: StandardOptions<In, V> = {}): Pipeline<In, V> {
  checkKeys('pipeline.standard', options, STANDARD_KEYS)
  const { total, retry: again, breaker, bulkhead: room, attempt } = standardParts<In>(name, options)
  const made = [total, again, breaker, room, attempt].filter((part) => part !== undefined) as readonly AnyStrategy[]
  const all = options.fallback === undefined ? made : [options.fallback as AnyStrategy, ...made]
  return new PipelineStrategy({ name, durations: options.durations }, all, made) as unknown as Pipeline<In, V>
}
