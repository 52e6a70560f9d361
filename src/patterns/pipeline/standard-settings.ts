// What a standard pipeline can be told, checked and copied when it is said: a pipeline for another origin may be made much later.

import type { Clock } from '../../clock.ts'
import { type BulkheadOptions, bulkhead, type ClassicBulkheadOptions, modernBulkhead } from '../bulkhead/bulkhead.ts'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.ts'
import { type CircuitBreakerOptions, type ClassicBreakerOptions, modernBreaker } from '../circuit-breaker/options.ts'
import {
  booleanOption,
  COMMON_KEYS,
  type CommonOptions,
  clockOption,
  functionOption,
  numberOption,
  type ScopeOptions,
  show,
  withDefaults,
} from '../options.ts'
import { exponentialBackoff } from '../retry/backoff.ts'
import { type ClassicRetryOptions, modernRetry, type RetryOptions } from '../retry/options.ts'
import { retry } from '../retry/retry.ts'
import { scopeOf } from '../scope.ts'
import { LAYER } from './layer.ts'
import type { Strategy } from './strategy.ts'

export interface StandardOptions<In, V> extends Omit<CommonOptions, 'name'> {
  /** Outermost, if any. */
  readonly fallback?: Strategy<In, V> | undefined
  /** All attempts and waits. Default 30_000. */
  readonly totalTimeoutMs?: number | undefined
  /** Default maxAttempts 3 with a budget of its own. */
  readonly retry?: RetryOptions<In> | ClassicRetryOptions | false | undefined
  /** Default 0.5 of >= 20 calls in 30_000, open 5_000, growing to 60_000. Yours replaces it as a whole: half of each would be neither. */
  readonly circuitBreaker?: CircuitBreakerOptions<In> | ClassicBreakerOptions | false | undefined
  /** Inside retry: a call that waits to retry holds no permit. Default 100, no queue. */
  readonly bulkhead?: BulkheadOptions | ClassicBulkheadOptions | false | undefined
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

/** Of a part that is undefined there is none. */
export interface StandardSettings<In> {
  readonly clock: Clock | undefined
  readonly random: (() => number) | undefined
  readonly totalTimeoutMs: number
  readonly retry: RetryOptions<In> | undefined
  readonly circuitBreaker: CircuitBreakerOptions<In> | undefined
  readonly bulkhead: BulkheadOptions | undefined
  readonly attemptTimeoutMs: number
  readonly durations: boolean
}

export function standardSettings<In>(of: string, options: StandardOptions<In, unknown>): StandardSettings<In> {
  if (options.fallback !== undefined && !(LAYER in Object(options.fallback))) {
    throw new TypeError(`${of}: fallback must be a strategy such as fallback.value(), got ${show(options.fallback)}`)
  }
  const breaker = partOption(of, 'circuitBreaker', options.circuitBreaker, standardBreaker<In>)
  const again = partOption(of, 'retry', options.retry, () => ({}))
  const room = partOption(of, 'bulkhead', options.bulkhead, () => ({}))
  const settings: StandardSettings<In> = {
    clock: clockOption(of, options.clock),
    random: functionOption(of, 'random', options.random),
    totalTimeoutMs: numberOption(of, 'totalTimeoutMs', options.totalTimeoutMs, 30_000, { above: 0 }),
    retry: again && { ...modernRetry<In>(again) },
    circuitBreaker: breaker && copy(modernBreaker<In>(breaker)),
    bulkhead: room && withDefaults({ maxConcurrentCalls: 100 }, modernBulkhead(room)),
    attemptTimeoutMs: numberOption(of, 'attemptTimeoutMs', options.attemptTimeoutMs, 10_000, { above: 0 }),
    durations: booleanOption(of, 'durations', options.durations, false),
  }
  tryOut(settings)
  return settings
}

/** Each of them says itself what is wrong. Nameless, so that no supervisor is told of it. */
function tryOut<In>(settings: StandardSettings<In>): void {
  const nameless = { name: undefined, scope: undefined, strict: undefined }
  const { retry: again, circuitBreaker: breaker, bulkhead: room } = settings
  if (again) retry<In>({ ...again, name: undefined })
  if (breaker) circuitBreaker<In>({ ...breaker, ...nameless } as CircuitBreakerOptions<In>)
  if (room) bulkhead({ ...room, ...nameless })
  // Any name will do: each origin's is its own.
  scopeOf('circuitBreaker', { ...breaker, name: 'any' } as ScopeOptions)
  scopeOf('bulkhead', { ...room, name: 'any' } as ScopeOptions)
}

function copy<In>(options: CircuitBreakerOptions<In>): CircuitBreakerOptions<In> {
  const { window } = options
  return typeof window === 'object'
    ? ({ ...options, window: { ...window } } as CircuitBreakerOptions<In>)
    : { ...options }
}

function partOption<T extends object>(
  of: string,
  key: string,
  value: T | false | undefined,
  usual: () => T,
): T | undefined {
  if (value === undefined) return usual()
  if (value === false) return undefined
  if (LAYER in Object(value)) {
    throw new TypeError(
      `${of}: ${key} must be its options, got a strategy; pipeline(name, ...strategies) puts together those that you have made`,
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new TypeError(`${of}: ${key} must be its options, or false for none, got ${show(value)}`)
}

function standardBreaker<In>(): CircuitBreakerOptions<In> {
  return {
    window: { durationMs: 30_000 },
    failureRate: 0.5,
    minimumCalls: 20,
    openMs: exponentialBackoff({ initialMs: 5000, maxMs: 60_000, jitter: 'none' }),
  }
}
