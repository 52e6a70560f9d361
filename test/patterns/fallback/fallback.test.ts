import { describe, expect, it } from 'vitest'
import {
  bulkhead,
  type CachedOptions,
  circuitBreaker,
  fallback,
  manualClock,
  pipeline,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, succeeds, turn } from '../support/promises.ts'

describe('value', () => {
  it('answers for a failure, and is reported', async () => {
    const strategy = fallback.value('default', { name: 'spare' })
    expect(await strategy.execute(fails)).toBe('default')
    expect(await strategy.execute(succeeds)).toBe('ok')
    expect(await strategy.report(fails)).toMatchObject({ ok: true, value: 'default', degradedBy: 'spare', attempts: 1 })
    expect(await strategy.report(succeeds)).toMatchObject({ ok: true, value: 'ok', degradedBy: undefined })
  })

  it("handles resil's own rejections, unlike other strategies", async () => {
    const breaker = circuitBreaker()
    breaker.open()
    expect(await pipeline('p', fallback.value('default'), breaker).execute(succeeds)).toBe('default')
  })

  it('does not answer a caller who has left', async () => {
    const controller = new AbortController()
    const call = fallback.value('default').execute(() => deferred().promise, { signal: controller.signal })
    controller.abort(boom)
    expect(await errorOf(call)).toBe(boom)
  })
})

describe('degraded', () => {
  it('gets what failed, and may take its time', async () => {
    const strategy = fallback.degraded(async (failure: object) => ({ degraded: true, failure }))
    expect(await strategy.execute(fails)).toEqual({ degraded: true, failure: { error: boom } })
  })

  it('what it throws is the error of the call', async () => {
    const worse = new Error('worse')
    const strategy = fallback.degraded(() => {
      throw worse
    })
    expect(await errorOf(strategy.execute(fails))).toBe(worse)
    expect(await strategy.report(fails)).toMatchObject({ ok: false, degradedBy: undefined })
  })

  it('is under the timeouts around it, by its signal too', async () => {
    const clock = manualClock()
    let signal: AbortSignal | undefined
    const slow = fallback.degraded((_failure, call) => {
      signal = call.signal
      return deferred().promise
    })
    const call = pipeline('p', timeout({ clock, timeoutMs: 100 }), slow).execute(fails)
    await turn()
    clock.advance(100)
    expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT' })
    expect(signal?.aborted).toBe(true)
  })
})

it('several in a row are a chain, the last resort outermost', async () => {
  const worse = new Error('worse')
  const chain = pipeline(
    'chain',
    fallback.value('last resort'),
    fallback.degraded(() => Promise.reject(worse)),
  )
  expect(await chain.execute(fails)).toBe('last resort')
  expect(chain.metrics()).toMatchObject({ degraded: 1, success: 0, failure: 0 })
})

describe('cached', () => {
  function cache<T = unknown>(options: Partial<CachedOptions<T>> = {}) {
    const clock = manualClock()
    return { clock, strategy: fallback.cached<T>({ clock, key: ({ key }) => key ?? 'none', ...options }) }
  }

  it('requires a key', () => {
    expect(() => fallback.cached({} as never)).toThrow(/key must be/)
  })

  it('a key function that gives no string fails the call', async () => {
    const { strategy } = cache({ key: () => undefined as unknown as string })
    expect(await errorOf(strategy.execute(succeeds))).toBeInstanceOf(TypeError)
  })

  it('by default always calls, and serves the last answer on failure', async () => {
    const { clock, strategy } = cache()
    await strategy.execute(() => 1)
    expect(await strategy.execute(() => 2)).toBe(2)
    clock.advance(299_000)
    expect(await strategy.report(fails)).toMatchObject({ ok: true, value: 2, degradedBy: strategy.name })
    clock.advance(2000)
    expect(await errorOf(strategy.execute(fails))).toBe(boom)
    expect(strategy.metrics()).toMatchObject({ calls: 4, served: 1, misses: 1 })
  })

  it('younger than ttlMs is served without a call', async () => {
    const { clock, strategy } = cache({ ttlMs: 100 })
    await strategy.execute(() => 1)
    clock.advance(99)
    expect(await strategy.execute(() => 2)).toBe(1)
    clock.advance(1)
    expect(await strategy.execute(() => 3)).toBe(3)
    expect(strategy.metrics().fresh).toBe(1)
  })

  it.each([[0], [null], [false], [undefined], ['']])('%o is a hit like any other value', async (value) => {
    const { strategy } = cache({ ttlMs: 100 })
    await strategy.execute(() => value)
    expect(await strategy.execute(() => 'called again')).toBe(value)
    const onFailure = cache().strategy
    await onFailure.execute(() => value)
    expect(await onFailure.execute(fails)).toBe(value)
  })

  it('never keeps a rejection, and serves stale for one', async () => {
    const { strategy } = cache()
    const breaker = circuitBreaker()
    const both = pipeline('p', strategy, breaker)
    await both.execute(succeeds)
    breaker.open()
    expect(await both.execute(() => 'not called')).toBe('ok')
    strategy.clear()
    expect(await errorOf(both.execute(succeeds))).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN' })
    breaker.close()
    expect(await both.execute(() => 'new')).toBe('new')
  })

  it('keeps keys apart, and only the most recent of them', async () => {
    const { strategy } = cache({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await strategy.execute(() => `of ${key}`, { key })
    expect(await strategy.execute(fails, { key: 'c' })).toBe('of c')
    expect(await errorOf(strategy.execute(fails, { key: 'a' }))).toBe(boom)
    expect(strategy.metrics().entries).toBe(2)
  })

  it('what was wrapped can be told apart by its arguments', async () => {
    const { strategy } = cache({ ttlMs: 100, key: ({ args }) => String(args[0]) })
    const load = strategy.wrap(async (id: number) => `user ${id}`)
    expect([await load(1), await load(2), await load(1)]).toEqual(['user 1', 'user 2', 'user 1'])
    expect(strategy.metrics().fresh).toBe(1)
  })

  it('concurrent calls of a key share one', async () => {
    const { strategy } = cache()
    const work = deferred<string>()
    let calls = 0
    const all = [1, 2, 3].map(() =>
      strategy.execute(
        () => {
          calls += 1
          return work.promise
        },
        { key: 'k' },
      ),
    )
    const other = strategy.execute(() => 'other', { key: 'l' })
    work.resolve('shared')
    expect(await Promise.all([...all, other])).toEqual(['shared', 'shared', 'shared', 'other'])
    expect(calls).toBe(1)
  })

  it('a shared call outlives the caller who began it, and is aborted when the last one leaves', async () => {
    const { strategy } = cache()
    const room = bulkhead({ maxConcurrentCalls: 5 })
    const both = pipeline('p', room, strategy)
    const work = deferred()
    let signal: AbortSignal | undefined
    const [first, second] = [new AbortController(), new AbortController()]
    const begun = both.execute(
      (call) => {
        signal = call.signal
        return work.promise
      },
      { signal: first.signal },
    )
    const joined = both.execute(succeeds, { signal: second.signal })
    first.abort(boom)
    expect(await errorOf(begun)).toBe(boom)
    expect(signal?.aborted).toBe(false)
    // The first caller's permit stays with the action that was begun under it.
    expect(room.metrics().inFlight).toBe(2)
    second.abort(boom)
    expect(await errorOf(joined)).toBe(boom)
    expect(signal?.aborted).toBe(true)
    expect(room.metrics().inFlight).toBe(1)
    work.resolve('late')
    await turn()
    expect(room.metrics().inFlight).toBe(0)
    expect(await both.execute(succeeds)).toBe('ok')
  })

  it('the joined caller gets the answer after the first has left', async () => {
    const { strategy } = cache()
    const work = deferred()
    const controller = new AbortController()
    const begun = strategy.execute(() => work.promise, { signal: controller.signal })
    const joined = strategy.execute(succeeds)
    controller.abort(boom)
    await errorOf(begun)
    work.resolve('shared')
    expect(await joined).toBe('shared')
  })

  it.each([
    [true, 'delete'],
    [true, 'clear'],
    [false, 'delete'],
    [false, 'clear'],
  ] as const)('an answer on its way is delivered, but not kept (single flight %s, %s)', async (singleFlight, how) => {
    const { strategy } = cache({ key: 'one', singleFlight })
    const work = deferred()
    const call = strategy.execute(() => work.promise)
    strategy[how]('one')
    work.resolve('old')
    expect(await call).toBe('old')
    expect(strategy.metrics().entries).toBe(0)
  })

  it('who asks after a delete does not get the answer of a call from before it: a write may lie between', async () => {
    const { strategy } = cache({ key: 'one', ttlMs: 1000 })
    const [before, after] = [deferred(), deferred()]
    const old = strategy.execute(() => before.promise)
    strategy.delete('one')
    const asked = [strategy.execute(() => after.promise), strategy.execute(fails)]
    before.resolve('old')
    after.resolve('new')
    expect(await old).toBe('old')
    expect(await Promise.all(asked)).toEqual(['new', 'new'])
    expect(await strategy.execute(fails)).toBe('new')
  })

  it('retries inside are shared too', async () => {
    const { strategy } = cache({ key: 'one' })
    let calls = 0
    const both = pipeline('p', strategy, retry({ backoff: { delayMs: () => 0 } }))
    const flaky = async () => {
      calls += 1
      if (calls < 3) throw boom
      return calls
    }
    expect(await Promise.all([both.report(flaky), both.execute(flaky)])).toMatchObject([{ value: 3, attempts: 3 }, 3])
  })

  it('without single flight each caller calls', async () => {
    const { strategy } = cache({ key: 'one', singleFlight: false })
    let calls = 0
    await Promise.all(
      [1, 2].map(() =>
        strategy.execute(async () => {
          calls += 1
        }),
      ),
    )
    expect(calls).toBe(2)
  })
})
