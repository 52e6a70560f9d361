import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  adaptiveLimiter,
  bulkhead,
  chaos,
  circuitBreaker,
  constantBackoff,
  fallback,
  hedge,
  manualClock,
  type PatternEvent,
  pipeline,
  rateLimiter,
  retry,
  retryBudget,
  type Strategy,
  timeout,
} from '../../../src/patterns.ts'
import { boom, type Deferred, deferred, errorOf, fails, stateOf, succeeds, turn } from '../support/promises.ts'

afterEach(() => vi.useRealTimers())

describe('an action', () => {
  it('may return a thenable that calls back at once, twice, or after it threw', async () => {
    const breaker = circuitBreaker()
    const thenables: PromiseLike<string>[] = [
      {
        // biome-ignore lint/suspicious/noThenProperty: what it is about
        then: (done?: ((value: string) => unknown) | null) => {
          done?.('first')
          done?.('second')
          throw boom
        },
      } as PromiseLike<string>,
    ]
    for (const thenable of thenables) expect(await breaker.execute(() => thenable)).toBe('first')
    expect(breaker.metrics()).toMatchObject({ success: 1, failure: 0 })
  })

  it('may return something whose then cannot even be read: that is a failure', async () => {
    const trap = Object.defineProperty({}, 'then', {
      get: () => {
        throw boom
      },
    })
    const breaker = circuitBreaker()
    expect(await errorOf(breaker.execute(() => trap))).toBe(boom)
    expect(breaker.metrics().failure).toBe(1)
  })

  it('may return a promise of another class, even one whose then is not that of Promise', async () => {
    class Slow<T> extends Promise<T> {}
    expect(await retry().execute(() => Slow.resolve(1))).toBe(1)
    const own = Object.defineProperty(Promise.resolve(2), 'then', { value: () => 'not a promise' })
    expect(await pipeline('p', retry(), bulkhead()).execute(() => own)).toBe(2)
  })

  it('may throw at once, undefined even', async () => {
    const call = pipeline('p', circuitBreaker(), bulkhead()).report(() => {
      throw undefined
    })
    expect(await call).toMatchObject({ ok: false, error: undefined, attempts: 1 })
  })

  it.each(['execute', 'wrap', 'wrapWithCall'] as const)(
    'that is no function is a mistake, told by %s, and no failure of the dependency',
    async (method) => {
      const breaker = circuitBreaker({ name: 'db' })
      const run = async () => (breaker[method] as (action: unknown) => unknown)('query')
      expect(await errorOf(run())).toEqual(
        new TypeError('circuitBreaker "db": it needs a function to call, got "query"'),
      )
      expect(breaker.metrics()).toMatchObject({ failure: 0, success: 0 })
    },
  )

  it('that is no function does not make report reject: it tells it as a value, like all else', async () => {
    const breaker = circuitBreaker({ name: 'db' })
    const report = await breaker.report('query' as never)
    expect(report).toMatchObject({ ok: false, error: expect.any(TypeError), attempts: 0 })
    expect(breaker.metrics()).toMatchObject({ failure: 0, success: 0 })
  })

  it('may use the strategies that it runs under', async () => {
    const all = pipeline('p', retry(), circuitBreaker(), bulkhead({ maxConcurrentCalls: 3 }))
    const nested = () => all.execute(() => all.execute(() => all.execute(succeeds)))
    expect(await nested()).toBe('ok')
    expect(await errorOf(all.execute(nested))).toMatchObject({ code: 'RESIL_BULKHEAD_FULL' })
    expect(all.metrics().inFlight).toBe(0)
  })
})

describe('options of a call', () => {
  it('a signal that is none rejects the call, and nothing is left on the clock', async () => {
    const clock = manualClock()
    const call = timeout({ clock, timeoutMs: 50 }).execute(succeeds, { signal: {} as AbortSignal, timeoutMs: 10 })
    expect(await errorOf(call)).toEqual(new TypeError('signal must be an AbortSignal, got an object'))
    expect(clock.pending).toBe(0)
    expect(await retry().execute(succeeds, { signal: null as unknown as undefined })).toBe('ok')
  })

  it.each([Number.NaN, '5', null])(
    'a priority of %o, which stands neither before nor behind another, rejects the call',
    async (priority) => {
      const room = bulkhead()
      const wrong = new RangeError(
        `priority must be a number, got ${JSON.stringify(priority) === 'null' ? String(priority) : '"5"'}`,
      )
      expect(await errorOf(room.execute(succeeds, { priority: priority as number }))).toEqual(wrong)
      expect(await errorOf(room.acquire({ priority: priority as number }))).toEqual(wrong)
      expect(room.metrics().inFlight).toBe(0)
    },
  )

  it('null is no options', async () => {
    expect(await retry().execute(succeeds, null as never)).toBe('ok')
  })

  it.each([Number.NaN, 0, -0, -1, '5' as unknown as number])('timeoutMs %o rejects the call', async (timeoutMs) => {
    const report = await retry().report(succeeds, { timeoutMs })
    expect(report).toMatchObject({ ok: false, error: expect.any(RangeError) })
  })

  it('timeoutMs may be longer than any timer of Node', async () => {
    vi.useFakeTimers()
    const month = 31 * 86_400_000
    const call = retry().execute(() => new Promise(() => {}), { timeoutMs: month })
    const end = errorOf(call)
    vi.advanceTimersByTime(month - 1)
    vi.useRealTimers()
    expect(await stateOf(call)).toBe('pending')
    vi.useFakeTimers()
    expect(vi.getTimerCount()).toBe(0)
    void end.catch(() => {})
  })
})

describe('a listener', () => {
  it('that is async and rejects ends neither the call nor the process, and is told of once', async () => {
    const warned: string[] = []
    const onWarning = (warning: Error) => warned.push(warning.message)
    process.on('warning', onWarning)
    const breaker = circuitBreaker({ name: 'db', failureThreshold: 1 })
    breaker.on(async () => Promise.reject(boom))
    await errorOf(breaker.execute(fails))
    breaker.close()
    await errorOf(breaker.execute(fails))
    await turn()
    await turn()
    process.off('warning', onWarning)
    expect(warned).toEqual(['a listener of db threw on circuitBreaker.opened: boom'])
  })

  it('may close the breaker that has just opened, and dispose of the pipeline', async () => {
    const breaker = circuitBreaker({ failureThreshold: 1 })
    const all = pipeline('p', breaker)
    breaker.on((event) => {
      if (event.type === 'circuitBreaker.opened') breaker.close()
      all.dispose()
    })
    expect(await errorOf(all.execute(fails))).toBe(boom)
    expect(breaker.state).toBe('closed')
    expect(await errorOf(all.execute(succeeds))).toMatchObject({ code: 'RESIL_DISPOSED' })
  })

  // The call is on its way through its layers, or in the middle of a race, when it is aborted: it ends once, and gives back once.
  const events: readonly PatternEvent['type'][] = [
    'circuitBreaker.opened',
    'circuitBreaker.halfOpened',
    'circuitBreaker.closed',
    'retry.scheduled',
    'retry.gaveUp',
    'bulkhead.rejected',
    'timeout.expired',
    'timeout.abandonedSettled',
    'hedge.started',
    'hedge.won',
    'fallback.served',
  ]
  it.each(events)('may abort its call when it hears of %s', async (type) => {
    const clock = manualClock()
    const room = bulkhead({ clock, maxConcurrentCalls: 2 })
    const inner = [
      retry({ clock, backoff: constantBackoff(5), maxAttempts: 2 }),
      circuitBreaker({ clock, failureThreshold: 1, openMs: 4, successThreshold: 1 }),
      room,
      timeout({ clock, timeoutMs: 100 }),
    ]
    const races = hedge({ clock, delayMs: 10 })
    const cached = fallback.cached({ clock, key: 'k', singleFlight: false })
    const pipelines = [
      pipeline('races', fallback.value('spare'), timeout({ clock, timeoutMs: 200 }), races, cached, ...inner),
      pipeline('shares', fallback.cached({ clock, key: 'k' }), races, timeout({ clock, timeoutMs: 90 }), ...inner),
      pipeline('plain', timeout({ clock, timeoutMs: 60 }), ...inner),
    ]
    let heard = 0
    let controller = new AbortController()
    const other = fallback.value('other')
    const others: Promise<unknown>[] = []
    for (const all of pipelines) {
      all.on((event) => {
        if (event.type !== type) return
        heard += 1
        controller.abort(boom)
        // Takes an idle frame at once: one that was given back too early would now serve two calls.
        others.push(other.execute(async () => others.length))
      })
    }
    for (const all of pipelines) {
      for (const outcomes of ['ok', 'bad', 'first late', 'late', 'late bad', 'ok'] as const) {
        controller = new AbortController()
        const work: Deferred<unknown>[] = []
        const action = (): Promise<unknown> => {
          if (outcomes === 'ok') return succeeds()
          if (outcomes === 'bad') return fails()
          const one = deferred()
          work.push(one)
          return outcomes === 'first late' && work.length > 1 ? succeeds() : one.promise
        }
        const run = () => all.execute(action as () => Promise<never>, { signal: controller.signal })
        const calls = [run(), run(), run()].map((call) => call.then(String, String))
        for (let n = 0; n < 30; n++) {
          clock.advance(5)
          await turn()
        }
        for (const { resolve, reject } of work) outcomes === 'late bad' ? reject(boom) : resolve('late')
        for (let n = 0; n < 8; n++) {
          clock.advance(50)
          await turn()
        }
        const allowed = ['ok', 'late', 'spare', 'Error: boom', /ResilienceError/, /TimeoutError/]
        for (const end of await Promise.all(calls)) {
          expect(allowed.some((one) => (typeof one === 'string' ? one === end : one.test(end)))).toBe(true)
        }
      }
    }
    expect(heard).toBeGreaterThan(0)
    expect(await Promise.all(others)).toHaveLength(heard)
    expect(pipelines.map((all) => all.metrics().inFlight)).toEqual([0, 0, 0])
    expect(room.metrics().inFlight).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

it('a shared call that lands tells each caller once, also one who is aborted while others are told', async () => {
  const clock = manualClock()
  const controllers = [new AbortController(), new AbortController(), new AbortController()]
  const cached = fallback.cached({ clock, key: 'k' })
  cached.on(() => {
    for (const controller of controllers) controller.abort(boom)
  })
  await cached.execute(succeeds)
  const calls = controllers.map(({ signal }) =>
    cached.execute(() => Promise.reject(new Error('down')), { signal }).catch((e) => e),
  )
  await turn()
  const ends = await Promise.all(calls)
  expect(ends.every((end) => end === 'ok' || end === boom)).toBe(true)
  // Frames are reused: two calls on one frame would answer each other.
  const later = await Promise.all([1, 2, 3, 4].map((n) => fallback.value('x').execute(async () => n)))
  expect(later).toEqual([1, 2, 3, 4])
})

it('a call cut off by the first of two callers is not charged to whoever uses its frame next', async () => {
  const clock = manualClock()
  const shared = pipeline(
    'p',
    fallback.cached({ clock, key: 'k' }),
    hedge({ clock, delayMs: 1000 }),
    retry({ clock, backoff: constantBackoff(10), maxAttempts: 3 }),
    timeout({ clock, timeoutMs: 500 }),
  )
  const remaining: number[] = []
  const beganBy = new AbortController()
  const first = shared.execute(
    (call) => {
      remaining.push(call.remainingMs)
      return fails()
    },
    { signal: beganBy.signal, timeoutMs: 50 },
  )
  const second = shared.report(fails, { timeoutMs: 400 })
  void first.catch(() => {})
  await turn()
  beganBy.abort(boom)
  const other = retry().report(() => new Promise<void>((resolve) => setImmediate(resolve)))
  for (let n = 0; n < 5; n++) {
    clock.advance(10)
    await turn()
  }
  expect(await other).toMatchObject({ attempts: 1, degradedBy: undefined })
  expect(await second).toMatchObject({ ok: false, error: boom })
  // As patient as the most patient of its callers, within its own limit.
  expect(remaining).toEqual([50, 390, 380])
})

it('an answer that a fallback inside made up is told to all who shared it, and not kept as a good one', async () => {
  const clock = manualClock()
  const cached = fallback.cached({ clock, key: 'k', ttlMs: 1000 })
  const all = pipeline('p', cached, fallback.value('spare', { name: 'spare' }))
  const reports = await Promise.all([all.report(fails), all.report(fails)])
  expect(reports).toMatchObject([{ degradedBy: 'spare' }, { degradedBy: 'spare' }])
  expect(all.metrics()).toMatchObject({ success: 0, degraded: 2 })
  expect(cached.metrics().entries).toBe(0)
})

it('an answer is degraded only if it is that of the fallback', async () => {
  const clock = manualClock()
  const again = retry({
    clock,
    backoff: constantBackoff(0),
    classify: ({ ok, ...rest }) => (ok && 'value' in rest && rest.value === 'spare' ? 'failure' : 'success'),
  })
  const call = pipeline('p', again, fallback.value('spare')).report(({ attempt }) =>
    attempt === 1 ? fails() : succeeds(),
  )
  await turn()
  clock.advance(1)
  expect(await call).toMatchObject({ ok: true, value: 'ok', attempts: 2, degradedBy: undefined })
})

it("somebody else's backoff that throws fails the call with what it threw, and gives back what it holds", async () => {
  const bad = new Error('bad backoff')
  const backoff = {
    delayMs: () => {
      throw bad
    },
  }
  const room = bulkhead()
  expect(await errorOf(pipeline('p', room, retry({ backoff })).execute(fails))).toBe(bad)
  expect(room.metrics().inFlight).toBe(0)
  const breaker = circuitBreaker({ failureThreshold: 1, openMs: backoff })
  expect(await errorOf(breaker.execute(fails))).toBe(boom)
  expect(breaker.state).toBe('open')
})

it.each<[string, Strategy]>([
  [
    'a budget',
    retry({
      budget: {
        ...retryBudget(),
        recordAttempt: () => {
          throw boom
        },
      },
    }),
  ],
  [
    'the budget of a hedge',
    hedge({
      budget: {
        ...retryBudget(),
        recordAttempt: () => {
          throw boom
        },
      },
    }),
  ],
  [
    'chance',
    chaos({
      enabled: true,
      probability: 0.5,
      random: () => {
        throw boom
      },
    }) as Strategy,
  ],
])('%s of somebody else that throws fails the call, and what is held around it is given back', async (_what, bad) => {
  const room = bulkhead({ maxConcurrentCalls: 1 })
  const all = pipeline('p', room, bad)
  for (const _ of [1, 2]) expect(await errorOf(all.execute(succeeds))).toBe(boom)
  expect([room.metrics().inFlight, all.metrics().inFlight]).toEqual([0, 0])
})

it('a budget that throws while a call is late asks for no hedge, and ends neither the call nor the process', async () => {
  const clock = manualClock()
  const budget = {
    ...retryBudget(),
    tryAcquire: () => {
      throw boom
    },
  }
  const races = hedge({ clock, delayMs: 10, budget })
  const work = deferred()
  const call = races.execute(() => work.promise)
  clock.advance(10)
  work.resolve('late')
  expect(await call).toBe('late')
  expect(races.metrics()).toMatchObject({ hedges: 0, budgetDenied: 1 })
})

it.each([true, undefined, 'fail', Promise.resolve('success')])(
  'a classifier that answers %o has not judged: the call fails with what is wrong, and the outcome is ignored',
  async (verdict) => {
    const classify = () => verdict as never
    for (const [judges, metrics] of [
      [circuitBreaker({ failureThreshold: 1, classify }), { ignored: 1, success: 0, failure: 0, state: 'closed' }],
      [retry({ classify }), { attempts: 1 }],
      [fallback.value('spare', { classify }), { served: 0 }],
      [hedge({ classify }), { hedges: 0 }],
    ] as const) {
      const error = await errorOf((judges as Strategy).execute(succeeds))
      expect(String(error)).toMatch(/^TypeError: classify must return 'success', 'failure' or 'ignore', got /)
      expect(judges.metrics()).toMatchObject(metrics)
    }
  },
)

it('a permit that is settled with no verdict says so, and can still be settled', () => {
  const breaker = circuitBreaker({ failureThreshold: 1 })
  const permit = breaker.tryAcquire()
  expect(() => permit?.settle('failed' as never)).toThrow(/settle\(\) takes 'success', 'failure' or 'ignore', got "fai/)
  permit?.settle('failure')
  expect(breaker.state).toBe('open')
})

it('what was disposed of lets nobody in any more, inside of a pipeline and by hand', async () => {
  const gates = [bulkhead(), rateLimiter({ limit: 5 }), adaptiveLimiter(), adaptiveLimiter({ algorithm: 'throttle' })]
  for (const gate of gates) {
    const all = pipeline('p', gate as Strategy)
    gate.dispose()
    expect(await errorOf(all.execute(succeeds))).toMatchObject({ code: 'RESIL_DISPOSED' })
  }
  const breaker = circuitBreaker()
  breaker.dispose()
  expect([breaker.tryAcquire(), await errorOf(breaker.execute(succeeds))]).toMatchObject([
    undefined,
    { code: 'RESIL_DISPOSED' },
  ])
})

it('strategies called __proto__ are in the metrics like any other', () => {
  const { strategies } = pipeline('p', retry({ name: '__proto__' })).metrics()
  expect(Object.entries(strategies)).toMatchObject([['__proto__', { calls: 0 }]])
})

it("a test runner's fake timers turn it like any timer", async () => {
  vi.useFakeTimers()
  const all = pipeline('p', retry({ backoff: constantBackoff(1000), maxAttempts: 2 }), timeout(500))
  const call = errorOf(all.execute(() => new Promise(() => {})))
  await vi.advanceTimersByTimeAsync(2000)
  expect(await call).toMatchObject({ code: 'RESIL_TIMEOUT' })
})
