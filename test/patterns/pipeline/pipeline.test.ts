import { describe, expect, it } from 'vitest'
import {
  bulkhead,
  type Call,
  chaos,
  circuitBreaker,
  fallback,
  manualClock,
  type PatternEvent,
  pipeline,
  rateLimiter,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, succeeds, turn } from '../support/promises.ts'

describe('composition', () => {
  it('goes through the outermost first', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 3 })
    const again = retry({ clock, maxAttempts: 3, backoff: { delayMs: () => 0 } })
    let calls = 0
    const down = () => {
      calls += 1
      return fails()
    }
    const perAttempt = errorOf(pipeline('retry outside', again, breaker).execute(down))
    for (let n = 0; n < 3; n++) {
      await turn()
      clock.advance(0)
    }
    expect(await perAttempt).toBe(boom)
    expect(calls).toBe(3)
    expect(breaker.state).toBe('open')
  })

  it('a pipeline is a strategy, and may be part of another', async () => {
    const inner = pipeline('inner', retry({ maxAttempts: 1 }), bulkhead())
    const outer = pipeline('outer', fallback.value('spare'), inner)
    expect(await outer.execute(fails)).toBe('spare')
    expect(await outer.execute(succeeds)).toBe('ok')
    expect(inner.metrics()).toMatchObject({ success: 1, failure: 1, inFlight: 0 })
    expect(outer.metrics()).toMatchObject({ success: 1, degraded: 1, strategies: { inner: { failure: 1 } } })
  })

  it('a strategy may serve several pipelines at once', async () => {
    const shared = bulkhead({ maxConcurrentCalls: 1 })
    const [a, b] = [pipeline('a', shared), pipeline('b', retry(), shared)]
    const running = deferred()
    const call = a.execute(() => running.promise)
    expect(await errorOf(b.execute(succeeds))).toMatchObject({ code: 'RESIL_BULKHEAD_FULL' })
    running.resolve(1)
    await call
    expect(await b.execute(succeeds)).toBe('ok')
  })

  it('may be longer than usual', async () => {
    const many = Array.from({ length: 20 }, () => bulkhead())
    expect(await pipeline('long', ...many).execute(succeeds)).toBe('ok')
    expect(many.every((room) => room.metrics().acquired === 1 && room.metrics().inFlight === 0)).toBe(true)
  })

  it.each([
    [
      'two of one name',
      () => pipeline('p', bulkhead({ name: 'x' }), retry({ name: 'x' })),
      /two strategies are called "x"/,
    ],
    ['what is no strategy', () => pipeline('p', {} as never), /not a strategy/],
    ['no name', () => pipeline('' as string), /needs a name/],
    [
      'clocks that disagree',
      () => pipeline('p', timeout({ timeoutMs: 1, clock: manualClock() }), retry()),
      /same clock/,
    ],
  ])('refuses %s', (_what, make, message) => {
    expect(make).toThrow(message)
  })
})

describe('calls', () => {
  it('report tells value, attempts and duration, and never rejects', async () => {
    const clock = manualClock()
    const both = pipeline('p', retry({ clock, maxAttempts: 1 }))
    const slow = async () => clock.advance(30)
    expect(await both.report(slow)).toEqual({
      ok: true,
      value: undefined,
      durationMs: 30,
      attempts: 1,
      degradedBy: undefined,
    })
    expect(await both.report(fails)).toMatchObject({ ok: false, error: boom, attempts: 1 })
    expect(await both.report(fails, { signal: AbortSignal.abort(boom) })).toMatchObject({
      ok: false,
      error: boom,
      attempts: 0,
    })
  })

  it('wrap keeps arguments and this', async () => {
    const account = {
      balance: 5,
      add: retry().wrap(async function (this: { balance: number }, a: number, b: number) {
        this.balance += a + b
        return this.balance
      }),
    }
    expect(await account.add(1, 2)).toBe(8)
  })

  it('wrapWithCall gives the function its Call first', async () => {
    const both = pipeline('p', retry())
    const fn = both.wrapWithCall(async (call, id: number) => [call.pipeline, call.attempt, call.args, id])
    expect(await fn(7)).toEqual(['p', 1, [7], 7])
  })

  it('a result that is no promise is fine, and so is a thenable', async () => {
    const both = pipeline('p', retry(), bulkhead())
    expect(await both.execute(() => 5)).toBe(5)
    // biome-ignore lint/suspicious/noThenProperty: libraries (knex, mongoose) return such
    const query = { then: (resolve: (value: number) => void) => resolve(6) } as PromiseLike<number>
    expect(await both.execute(() => query)).toBe(6)
  })

  it('a call object kept after its call is never that of another', async () => {
    const both = pipeline('p', retry())
    const kept = await both.execute((call) => call, { key: 'first' })
    await both.execute(succeeds, { key: 'second' })
    expect(kept.key).toBe('first')
    expect(kept.signal.aborted).toBe(false)
  })

  it('nor one that a key function kept', async () => {
    const kept: Call[] = []
    const key = (call: Call) => {
      kept.push(call)
      return 'k'
    }
    await pipeline('p', timeout(50), fallback.cached({ key }), rateLimiter({ limit: 100, key })).execute(succeeds)
    const running = timeout(1000).execute(() => new Promise((resolve) => setImmediate(resolve)))
    expect(kept.map(({ remainingMs }) => remainingMs)).toEqual([Infinity, Infinity])
    await running
  })

  it('an action may abort its own call, and call again', async () => {
    const both = pipeline('p', retry(), bulkhead({ maxConcurrentCalls: 2 }))
    const controller = new AbortController()
    const call = both.execute(
      async () => {
        controller.abort(boom)
        return both.execute(succeeds)
      },
      { signal: controller.signal },
    )
    expect(await errorOf(call)).toBe(boom)
    await turn()
    expect(both.metrics()).toMatchObject({ inFlight: 0, success: 1, failure: 1 })
  })

  it('a classifier may abort its own call', async () => {
    const controller = new AbortController()
    const breaker = circuitBreaker({
      classify: () => {
        controller.abort(boom)
        return 'failure'
      },
    })
    const both = pipeline('p', retry({ classify: () => 'failure', backoff: { delayMs: () => 50 } }), breaker)
    expect(await errorOf(both.execute(succeeds, { signal: controller.signal }))).toBe(boom)
  })
})

it('the signal of the caller reaches the action with its reason', async () => {
  const controller = new AbortController()
  let signal: AbortSignal | undefined
  const call = pipeline('p', retry(), bulkhead()).execute(
    (given) => {
      signal = given.signal
      return deferred().promise
    },
    { signal: controller.signal },
  )
  controller.abort(boom)
  expect(await errorOf(call)).toBe(boom)
  expect(signal?.reason).toBe(boom)
})

it('on() tells the events of all its strategies, until it is stopped', async () => {
  const both = pipeline('p', retry({ maxAttempts: 1 }), circuitBreaker({ failureThreshold: 1 }))
  const types: PatternEvent['type'][] = []
  const stop = both.on(({ type }) => types.push(type))
  await errorOf(both.execute(fails))
  expect(types).toEqual(['circuitBreaker.opened', 'retry.gaveUp'])
  stop()
  await errorOf(both.execute(fails))
  expect(types.length).toBe(2)
})

it('measures durations when it is asked to', async () => {
  const clock = manualClock()
  const both = pipeline({ name: 'p', durations: true }, retry({ clock }))
  for (const ms of [3, 80, 40_000]) await both.execute(async () => clock.advance(ms))
  const { durations } = both.metrics()
  expect(durations).toMatchObject({ count: 3, sumMs: 40_083 })
  expect(durations?.buckets.find(({ upToMs }) => upToMs === 100)).toEqual({ upToMs: 100, count: 2 })
  expect(pipeline('q', retry()).metrics().durations).toBeUndefined()
})

it('dispose ends only what a preset made', async () => {
  const mine = bulkhead()
  const both = pipeline('p', mine)
  both.dispose()
  expect(await errorOf(both.execute(succeeds))).toMatchObject({ code: 'RESIL_DISPOSED' })
  expect(await mine.execute(succeeds)).toBe('ok')
})

describe('standard', () => {
  it('is fallback, total timeout, retry, breaker, bulkhead, attempt timeout', () => {
    const standard = pipeline.standard('api', { fallback: fallback.value(0) })
    expect(standard.strategies.map(({ kind }) => kind)).toEqual([
      'fallback',
      'timeout',
      'retry',
      'circuitBreaker',
      'bulkhead',
      'timeout',
    ])
    expect(pipeline.standard('api', { retry: false, bulkhead: false }).strategies.length).toBe(3)
  })

  it('a call that waits to retry holds no permit, and the total covers waits', async () => {
    const clock = manualClock()
    const standard = pipeline.standard('api', {
      clock,
      totalTimeoutMs: 1000,
      retry: { backoff: { delayMs: () => 900 } },
    })
    const call = errorOf(standard.execute(({ attempt }) => (attempt === 1 ? fails() : deferred().promise)))
    await turn()
    expect(standard.metrics().strategies['api.bulkhead']).toMatchObject({ inFlight: 0 })
    clock.advance(900)
    await turn()
    expect(standard.metrics().strategies['api.bulkhead']).toMatchObject({ inFlight: 1 })
    clock.advance(100)
    expect(await call).toMatchObject({ code: 'RESIL_TIMEOUT', strategyName: 'api.total' })
  })

  it('absorbs injected faults', async () => {
    const standard = pipeline.standard('api', { retry: { maxAttempts: 10, backoff: { delayMs: () => 0 } } })
    const all = pipeline('chaotic', standard, chaos({ enabled: true, seed: 7, probability: 0.2 }))
    const answers = await Promise.all(Array.from({ length: 20 }, () => all.execute(succeeds)))
    expect(answers.every((answer) => answer === 'ok')).toBe(true)
  })
})
