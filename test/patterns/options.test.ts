import { expect, it } from 'vitest'
import {
  adaptiveLimiter,
  bulkhead,
  chaos,
  circuitBreaker,
  exponentialBackoff,
  fallback,
  healthRegistry,
  hedge,
  isResilienceError,
  pipeline,
  ResilError,
  ResilienceError,
  rateLimiter,
  resilientFetch,
  retry,
  retryBudget,
  timeout,
} from '../../src/patterns.ts'

it.each<[string, () => unknown, ErrorConstructor, RegExp]>([
  [
    'a misspelt key',
    () => circuitBreaker({ failureTreshold: 3 } as never),
    TypeError,
    /did you mean "failureThreshold"/,
  ],
  [
    'a key of another shape',
    () => circuitBreaker({ failureThreshold: 3, minimumCalls: 5 } as never),
    TypeError,
    /unknown option "minimumCalls"/,
  ],
  ['the time open without its threshold', () => circuitBreaker({ timeout: 3 } as never), TypeError, /failureThreshold/],
  [
    'a window of both kinds',
    () => circuitBreaker({ window: { calls: 1, durationMs: 1 } as never }),
    TypeError,
    /window/,
  ],
  [
    'a rate over 1',
    () => circuitBreaker({ window: { calls: 10 }, failureRate: 50 }),
    RangeError,
    /failureRate.*up to 1, got 50/,
  ],
  ['a snapshot of nobody', () => circuitBreaker({ restore: { version: 2 } as never }), RangeError, /version 2/],
  ['no attempts', () => retry({ maxAttempts: 0 }), RangeError, /maxAttempts.*at least 1, got 0/],
  ['a half attempt', () => retry({ maxAttempts: 1.5 }), RangeError, /whole number/],
  ['a delay that is no backoff', () => retry({ backoff: 100 as never }), TypeError, /backoff/],
  ['retries of both spellings', () => retry({ maxRetries: 2, maxAttempts: 3 } as never), TypeError, /maxAttempts/],
  ['a jitter that is unknown', () => exponentialBackoff({ jitter: 'lots' as never }), RangeError, /jitter.*"lots"/],
  ['a string for milliseconds', () => timeout('30s' as never), TypeError, /options must be an object/],
  ['no timeout at all', () => timeout({} as never), TypeError, /timeoutMs is required/],
  ['NaN', () => timeout(Number.NaN), RangeError, /NaN/],
  ['no limit', () => rateLimiter({} as never), TypeError, /limit is required/],
  ['no places', () => bulkhead({ maxConcurrentCalls: 0 }), RangeError, /maxConcurrentCalls/],
  [
    'an algorithm that is unknown',
    () => adaptiveLimiter({ algorithm: 'aimd' as never }),
    RangeError,
    /gradient, vegas, throttle/,
  ],
  ['a probability of percents', () => chaos({ probability: 10 }), RangeError, /probability/],
  ['a scope without a name', () => bulkhead({ scope: 'cluster' } as never), TypeError, /needs a name/],
  [
    'a strict scope that cannot be had',
    () => retryBudget({ name: 'x', scope: 'store', strict: true }),
    RangeError,
    /strict/,
  ],
  ['a cache without a key', () => fallback.cached({} as never), TypeError, /key/],
  ['a quantile over 1', () => hedge({ delayMs: { quantile: 95 } }), RangeError, /quantile/],
  ['an option that standard has not', () => pipeline.standard('x', { timeout: 5 } as never), TypeError, /"timeout"/],
  ['an option that fetch has not', () => resilientFetch({ timeoutMs: 5 } as never), TypeError, /timeoutMs/],
  [
    'an option that health has not',
    () => healthRegistry().register('x', () => true, { interval: 5 } as never),
    TypeError,
    /intervalMs/,
  ],
  ['nothing instead of options', () => retry(null as never), TypeError, /retry: options must be an object, got null/],
  ['a number instead of options', () => bulkhead(5 as never), TypeError, /options must be an object, got 5/],
  ['null for a breaker', () => circuitBreaker(null as never), TypeError, /options must be an object/],
  ['a clock without hands', () => retry({ clock: { now: () => 0 } as never }), TypeError, /clock needs wallNow/],
  ['a word for a switch', () => chaos({ enabled: 'false' as never }), TypeError, /true or false, got "false"/],
  ['a number for a switch', () => pipeline({ name: 'p', durations: 1 as never }), TypeError, /durations/],
  ['a word for single flight', () => fallback.cached({ key: 'k', singleFlight: 'no' as never }), TypeError, /singleFl/],
  ['a budget that counts nothing', () => hedge({ budget: { tryAcquire: () => true } as never }), TypeError, /budget/],
  ['infinite places', () => bulkhead({ maxConcurrentCalls: Number.POSITIVE_INFINITY }), RangeError, /got Infinity/],
  ['a check without a name', () => healthRegistry().register('', () => true), TypeError, /needs a name/],
  ['a check that is none', () => healthRegistry().register('x', null as never), TypeError, /must be a function/],
  [
    'a word for critical',
    () => healthRegistry().register('x', () => true, { critical: 'yes' as never }),
    TypeError,
    /critical must be true or false/,
  ],
])('refuses %s, on one line', (_what, make, type, message) => {
  let thrown: unknown
  try {
    make()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(type)
  expect((thrown as Error).message).toMatch(message)
  expect((thrown as Error).message).not.toContain('\n')
})

it('does not read its options after construction', async () => {
  const options = { maxAttempts: 2, backoff: { delayMs: () => 0 } }
  const strategy = retry(options)
  options.maxAttempts = 9
  let calls = 0
  await strategy
    .execute(() => {
      calls += 1
      throw new Error('no')
    })
    .catch(() => {})
  expect(calls).toBe(2)
})

it('errors are of one family, and two copies of the library agree on them', () => {
  const error = new ResilienceError('RESIL_TIMEOUT', { strategy: 'timeout', strategyName: 't', cause: 1 })
  expect(error).toBeInstanceOf(ResilError)
  const foreign = { [Symbol.for('resil.ResilienceError')]: true, code: 'RESIL_TIMEOUT' }
  expect([isResilienceError(foreign), isResilienceError(foreign, 'RESIL_CHAOS'), isResilienceError(null)]).toEqual([
    true,
    false,
    false,
  ])
})
