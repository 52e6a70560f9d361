// What a circuit breaker can be told, and what that means as rules.

import {
  COMMON_KEYS,
  type CommonOptions,
  checkClassicKeys,
  checkKeys,
  checkObject,
  functionOption,
  numberOption,
  SCOPE_KEYS,
  type ScopeOptions,
  show,
} from '../options.ts'
import type { Classify } from '../pipeline/call.ts'
import { type Backoff, delayOf } from '../retry/backoff.ts'
import type { CircuitRules } from './circuit.ts'
import { type BreakerSnapshot, checkSnapshot } from './snapshot.ts'
import { consecutive, lastCalls, lastMilliseconds, type RateRules, type Window } from './windows.ts'

interface BreakerCommon<In> extends CommonOptions {
  readonly classify?: Classify<In> | undefined
  /** Successes in half-open that close it. Default 2 (the classic). */
  readonly successThreshold?: number | undefined
  /** Calls permitted in half-open, the rest reject at once. Default successThreshold. Reopens once successThreshold is out of reach. */
  readonly halfOpenCalls?: number | undefined
  /** A half-open call unsettled for so long counts as a failure and its permit returns. Default 30_000. */
  readonly permitTtlMs?: number | undefined
  /** Time open, or one that grows with each reopening and resets on close. Default 60_000 (the classic; resilience4j). */
  readonly openMs?: number | Backoff | undefined
  readonly restore?: BreakerSnapshot | undefined
  /** The classic spelling mixes with nothing: a call's deadline is timeout()'s. */
  readonly timeout?: undefined
}

/** No window: failures in a row. Default 5 (the classic): works at one call a minute, where no rate reaches its minimum. */
export interface ConsecutiveOptions {
  readonly failureThreshold?: number | undefined
  readonly window?: undefined
  readonly failureRate?: undefined
}

/** Rate over the last N completed calls, or over a time (10 buckets). Memory is fixed: a byte a call, or 10 buckets. */
export interface RateOptions {
  readonly window:
    | { readonly calls: number; readonly durationMs?: undefined }
    | { readonly durationMs: number; readonly calls?: undefined }
  /** Default 0.5 (resilience4j, Hystrix). */
  readonly failureRate?: number | undefined
  /** No verdict below. Default min(20, window.calls) (Hystrix; resilience4j's 100 is never met by one worker in many). */
  readonly minimumCalls?: number | undefined
  /** Slower than this is slow. Default Infinity: off. */
  readonly slowCallMs?: number | undefined
  /** Default 1 (resilience4j). */
  readonly slowCallRate?: number | undefined
  readonly failureThreshold?: undefined
}

export type CircuitBreakerOptions<In = unknown> = BreakerCommon<In> & ScopeOptions & (ConsecutiveOptions | RateOptions)

/** The guide's own spelling, a closed shape: `timeout` is the time open, so failureThreshold must stand beside it. */
export interface ClassicBreakerOptions {
  readonly name?: string | undefined
  readonly failureThreshold: number
  readonly successThreshold?: number | undefined
  readonly timeout: number
}

export interface BreakerRules extends CircuitRules {
  readonly permitTtlMs: number
  /** Infinity: no call is slow. */
  readonly slowCallMs: number
}

const OF = 'circuitBreaker'
const SHARED_KEYS = [
  ...COMMON_KEYS,
  ...SCOPE_KEYS,
  'classify',
  'successThreshold',
  'halfOpenCalls',
  'permitTtlMs',
  'openMs',
  'restore',
]
const CONSECUTIVE_KEYS = [...SHARED_KEYS, 'failureThreshold', 'window']
const RATE_KEYS = [...SHARED_KEYS, 'window', 'failureRate', 'minimumCalls', 'slowCallMs', 'slowCallRate']
const CLASSIC_KEYS = ['name', 'failureThreshold', 'successThreshold', 'timeout']
const DEFAULT_OPEN_MS = 60_000

/** The classic spelling in today's words. */
export function modernBreaker<In>(
  options: CircuitBreakerOptions<In> | ClassicBreakerOptions,
): CircuitBreakerOptions<In> {
  checkObject(OF, options)
  if (options.timeout === undefined) return options as CircuitBreakerOptions<In>
  checkClassicKeys(OF, options, CLASSIC_KEYS, [...CONSECUTIVE_KEYS, ...RATE_KEYS], 'openMs instead of timeout')
  const { name, failureThreshold, successThreshold, timeout } = options as ClassicBreakerOptions
  if (failureThreshold === undefined) {
    throw new TypeError(
      `${OF}: timeout (the time open) needs failureThreshold beside it; a call's deadline is timeout()`,
    )
  }
  numberOption(OF, 'timeout (the time open)', timeout, 0, { min: 0 })
  return { name, failureThreshold, successThreshold, openMs: timeout }
}

export function rulesOf(options: CircuitBreakerOptions<never>): BreakerRules {
  checkKeys(OF, options, options.window === undefined ? CONSECUTIVE_KEYS : RATE_KEYS)
  functionOption(OF, 'classify', options.classify)
  const successThreshold = count('successThreshold', options.successThreshold, 2)
  const random = functionOption(OF, 'random', options.random) ?? Math.random
  const slowCallMs = 'slowCallMs' in options ? options.slowCallMs : undefined
  return {
    successThreshold,
    halfOpenPermits: count('halfOpenCalls', options.halfOpenCalls, successThreshold),
    openMs: openTime(options.openMs, random),
    permitTtlMs: numberOption(OF, 'permitTtlMs', options.permitTtlMs, 30_000, { above: 0 }),
    slowCallMs: numberOption(OF, 'slowCallMs', slowCallMs, Number.POSITIVE_INFINITY, { above: 0 }),
  }
}

export function windowOf(options: CircuitBreakerOptions<never>): Window {
  if (options.window === undefined) {
    return consecutive(
      count('failureThreshold', options.failureThreshold, 5),
      checkSnapshot(options.restore)?.consecutiveFailures,
    )
  }
  const { calls, durationMs } = (options.window ?? {}) as RateOptions['window']
  if ((calls === undefined) === (durationMs === undefined)) {
    throw new TypeError(`${OF}: window must be { calls } or { durationMs }, got ${show(options.window)}`)
  }
  checkKeys(`${OF}: window`, options.window, ['calls', 'durationMs'])
  if (durationMs !== undefined) {
    const spanMs = numberOption(OF, 'window.durationMs', durationMs, 0, { above: 0, max: 86_400_000 })
    return lastMilliseconds(spanMs, rateRules(options, 20))
  }
  const size = numberOption(OF, 'window.calls', calls, 0, { min: 1, max: 1e6, integer: true })
  return lastCalls(size, rateRules(options, Math.min(20, size)))
}

function rateRules(options: RateOptions, minimumCalls: number): RateRules {
  return {
    failureRate: numberOption(OF, 'failureRate', options.failureRate, 0.5, { above: 0, max: 1 }),
    slowCallRate: numberOption(OF, 'slowCallRate', options.slowCallRate, 1, { above: 0, max: 1 }),
    minimumCalls: count('minimumCalls', options.minimumCalls, minimumCalls),
  }
}

function openTime(openMs: number | Backoff | undefined, random: () => number): (openings: number) => number {
  if (openMs === undefined || typeof openMs === 'number') {
    const fixedMs = numberOption(OF, 'openMs', openMs, DEFAULT_OPEN_MS, { min: 0 })
    return () => fixedMs
  }
  if (typeof openMs?.delayMs !== 'function') {
    throw new TypeError(
      `${OF}: openMs must be milliseconds or a backoff such as exponentialBackoff(), got ${show(openMs)}`,
    )
  }
  const backoff = openMs
  let previousMs = 0
  return (openings) => {
    try {
      previousMs = delayOf(backoff, openings, openings === 1 ? 0 : previousMs, random)
    } catch {
      // A circuit that has to open opens, whatever is wrong with somebody else's backoff.
      previousMs = DEFAULT_OPEN_MS
    }
    return previousMs
  }
}

function count(key: string, value: unknown, fallback: number): number {
  return numberOption(OF, key, value, fallback, { min: 1, integer: true })
}
