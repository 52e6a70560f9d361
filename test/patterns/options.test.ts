import { expect, it } from 'vitest'
import {
  adaptiveLimiter,
  bulkhead,
  chaos,
  checks,
  circuitBreaker,
  constantBackoff,
  exponentialBackoff,
  fallback,
  healthRegistry,
  hedge,
  isResilienceError,
  manualClock,
  pipeline,
  ResilError,
  ResilienceError,
  rateLimiter,
  resilientFetch,
  retry,
  retryBudget,
  timeout,
  wrapClient,
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
  [
    'no options where some are needed',
    () => (timeout as () => unknown)(),
    TypeError,
    /^timeout: options must be an obj/,
  ],
  ['no options for a cache', () => (fallback.cached as () => unknown)(), TypeError, /options must be an object/],
  ['null for a hedge', () => hedge(null as never), TypeError, /^hedge: options must be an object, got null/],
  ['a pipeline without a name', () => pipeline(retry() as never), TypeError, /needs a name first, got an object/],
  [
    'no name for a pipeline',
    () => (pipeline as unknown as () => unknown)(),
    TypeError,
    /needs a name first, got undefined/,
  ],
  ['a snapshot that was not there', () => circuitBreaker({ restore: null as never }), TypeError, /restore.*got null/],
  ['no window', () => circuitBreaker({ window: null as never }), TypeError, /window must be.*got null/],
  [
    'words for the time open',
    () => circuitBreaker({ openMs: '30s' as never }),
    TypeError,
    /milliseconds or a backoff.*30s/,
  ],
  ['no delay', () => (constantBackoff as () => unknown)(), TypeError, /needs a number of milliseconds/],
  [
    'a word for the jitter of retries',
    () => retry({ maxRetries: 1, jitter: 'none' as never }),
    TypeError,
    /jitter.*"none"/,
  ],
  ['a breaker check of nothing', () => checks.breaker(undefined as never), TypeError, /needs a circuitBreaker/],
  [
    'a client that is none',
    () => wrapClient(null as never, retry(), []),
    TypeError,
    /client must be an object, got null/,
  ],
  ['a client without a strategy', () => wrapClient({}, undefined as never, []), TypeError, /needs a strategy/],
  [
    'true for a part of standard',
    () => pipeline.standard('x', { retry: true as never }),
    TypeError,
    /false for none, got tr/,
  ],
  [
    'null for a part of standard',
    () => pipeline.standard('x', { bulkhead: null as never }),
    TypeError,
    /bulkhead.*null/,
  ],
  [
    'a time that standard cannot have',
    () => pipeline.standard('x', { totalTimeoutMs: 0 }),
    RangeError,
    /totalTimeoutMs/,
  ],
  [
    'an answer for a fallback',
    () => pipeline.standard('x', { fallback: 5 as never }),
    TypeError,
    /fallback must be a strategy/,
  ],
  // Those of fetch's origins are made at the first call: too late to learn of a slip.
  ['no attempts of fetch', () => resilientFetch({ retry: { maxAttempts: 0 } }), RangeError, /maxAttempts/],
  [
    'a breaker of fetch',
    () => resilientFetch({ circuitBreaker: { window: { calls: 0 } } }),
    RangeError,
    /window.calls/,
  ],
  [
    'a strict scope of fetch',
    () => resilientFetch({ bulkhead: { scope: 'store', strict: true } as never }),
    RangeError,
    /strict/,
  ],
  ['a method for methods', () => resilientFetch({ retryMethods: 'GET' as never }), TypeError, /retryMethods.*"GET"/],
  [
    'to keep responses, which are read only once',
    () => resilientFetch({ fallback: pipeline('f', fallback.cached<Response>({ key: 'k' })) }),
    TypeError,
    /fallback.cached\(\) cannot keep a Response/,
  ],
  [
    'a strategy for a part of standard',
    () => pipeline.standard('x', { retry: retry() as never }),
    TypeError,
    /got a strategy; pipeline\(name/,
  ],
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

it.each<[string, () => unknown, RegExp]>([
  ['a breaker', () => circuitBreaker({ failureThreshold: 3, timeout: -1 }), /timeout.*got -1/],
  ['a retry', () => retry({ maxRetries: 3, baseDelay: 500, maxDelay: 50 }), /maxDelay.*500.*got 50/],
  ['a bulkhead', () => bulkhead({ maxConcurrent: 0 }), /maxConcurrent must.*got 0/],
  ['the queue of a bulkhead', () => bulkhead({ maxConcurrent: 1, maxQueue: -1 }), /maxQueue must.*got -1/],
  [
    'a breaker with more',
    () => circuitBreaker({ failureThreshold: 3, timeout: 5, classify: () => 'success' } as never),
    /"classify" does not go with the classic spelling .*write openMs instead of timeout/,
  ],
  [
    'a retry with more',
    () => retry({ maxRetries: 3, budget: retryBudget() } as never),
    /"budget" does not go.*write maxAttempts/,
  ],
  [
    'a bulkhead with more',
    () => bulkhead({ maxConcurrent: 3, maxWaitMs: 5 } as never),
    /"maxWaitMs" does not go.*maxConcurrentCalls/,
  ],
  [
    'a breaker, misspelt',
    () => circuitBreaker({ failureThreshold: 3, timeout: 5, succesThreshold: 2 } as never),
    /mean "successThreshold"/,
  ],
])("the guide's own spelling of %s is complained about in its own words", (_what, make, message) => {
  expect(make).toThrow(message)
})

it("pipeline.standard and resilientFetch take the guide's own spellings as well", () => {
  const classic = {
    retry: { maxRetries: 1, baseDelay: 5 },
    circuitBreaker: { failureThreshold: 1, timeout: 1000 },
    bulkhead: { maxConcurrent: 3, maxQueue: 1 },
  }
  resilientFetch(classic).dispose()
  const { strategies } = pipeline.standard('classic', classic).metrics()
  expect(strategies).toMatchObject({ 'classic.bulkhead': { limit: 3 }, 'classic.breaker': { state: 'closed' } })
})

it('an option of a part that is undefined is the default of the preset, also where it is spelled out', async () => {
  const none = { budget: undefined, name: undefined, clock: undefined, classify: undefined }
  const all = pipeline.standard('p', {
    retry: { ...none, backoff: constantBackoff(0), maxAttempts: 100 },
    circuitBreaker: false,
    bulkhead: { maxConcurrentCalls: undefined, name: undefined },
  })
  const { strategies } = all.metrics()
  expect(strategies).toMatchObject({ 'p.bulkhead': { limit: 100 }, 'p.retry': {} })
  // Without a budget two calls would retry 198 times.
  for (const _ of [1, 2]) await all.execute(() => Promise.reject(new Error('down'))).catch(() => {})
  expect(all.metrics().strategies['p.retry']).toMatchObject({ budgetDenied: 1 })
  const fetch = resilientFetch({
    retry: { classify: undefined, discard: undefined, backoff: constantBackoff(0) },
    circuitBreaker: { classify: undefined, failureThreshold: 3 },
    fetch: async () => new Response('busy', { status: 503 }),
  })
  expect((await fetch('http://a.test/')).status).toBe(503)
  expect(fetch.metrics()['http://a.test']?.strategies).toMatchObject({
    'http://a.test.retry': { attempts: 3 },
    'http://a.test.breaker': { failure: 3, state: 'open' },
  })
  fetch.dispose()
})

it('a cap below the usual start of a backoff is its start too', () => {
  expect(exponentialBackoff({ maxMs: 50, jitter: 'none' }).delayMs(1, 0, Math.random)).toBe(50)
})

it('does not read what its options point at after construction either', async () => {
  const clock = manualClock()
  const latency = { minMs: 1, maxMs: 1 }
  const faults = chaos({ clock, enabled: true, latencyProbability: 1, latency })
  Object.assign(latency, { minMs: 5000, maxMs: 5000 })
  const slow = faults.execute(() => 'ok')
  clock.advance(1)
  expect(await slow).toBe('ok')
  const options = { retry: { maxAttempts: 2, backoff: constantBackoff(0) }, circuitBreaker: { window: { calls: 5 } } }
  const fetch = resilientFetch({ ...options, fetch: async () => new Response('busy', { status: 503 }) })
  options.retry.maxAttempts = 0
  options.circuitBreaker.window.calls = 0
  await fetch('http://a.test/')
  expect(fetch.metrics()['http://a.test']?.strategies['http://a.test.retry']).toMatchObject({ attempts: 2 })
  fetch.dispose()
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
