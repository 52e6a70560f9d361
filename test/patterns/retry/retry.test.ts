import { describe, expect, it } from 'vitest'
import { retryAfterMsOf } from '../../../src/patterns/retry/retry-after.ts'
import {
  bulkhead,
  circuitBreaker,
  constantBackoff,
  manualClock,
  type PatternEvent,
  pipeline,
  type RetryOptions,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, stateOf, succeeds, turn } from '../support/promises.ts'

/** Turns the clock until the call has settled. */
async function run<T>(clock: ReturnType<typeof manualClock>, call: Promise<T>, stepMs = 1000): Promise<T> {
  while ((await stateOf(call)) === 'pending') clock.advance(stepMs)
  return call
}

function retrying<In = unknown>(options: RetryOptions<In> = {}) {
  const clock = manualClock()
  const events: PatternEvent[] = []
  const strategy = retry<In>({ clock, backoff: constantBackoff(100), ...options })
  strategy.on((event) => events.push(event))
  return { clock, strategy, events }
}

function flaky(failures: number) {
  let calls = 0
  const action = async (): Promise<number> => {
    calls += 1
    if (calls <= failures) throw new Error(`failure ${calls}`)
    return calls
  }
  return { action, calls: () => calls }
}

it('makes maxAttempts calls in all, the first included', async () => {
  const { clock, strategy } = retrying({ maxAttempts: 3 })
  const { action, calls } = flaky(10)
  await expect(run(clock, strategy.execute(action))).rejects.toThrow('failure 3')
  expect(calls()).toBe(3)
})

it('gives the value once it succeeds, and counts it as recovered', async () => {
  const { clock, strategy } = retrying()
  expect(await run(clock, strategy.execute(flaky(2).action))).toBe(3)
  expect(strategy.metrics()).toEqual({ calls: 1, attempts: 3, recovered: 1, gaveUp: 0, budgetDenied: 0 })
})

it('giving up rethrows the last error itself, and the reason is in the event', async () => {
  const { clock, strategy, events } = retrying({ maxAttempts: 2 })
  const errors = [new Error('first'), new Error('last')]
  let n = 0
  expect(
    await errorOf(
      run(
        clock,
        strategy.execute(() => Promise.reject(errors[n++])),
      ),
    ),
  ).toBe(errors[1])
  expect(events.at(-1)).toMatchObject({ type: 'retry.gaveUp', attempts: 2, cause: 'attempts', error: errors[1] })
})

it('giving up returns the last result where results are failures, and lets go of those before', async () => {
  const discarded: number[] = []
  const { clock, strategy } = retrying<number>({ classify: () => 'failure', discard: (value) => discarded.push(value) })
  let n = 0
  expect(
    await run(
      clock,
      strategy.execute(async () => ++n),
    ),
  ).toBe(3)
  expect(discarded).toEqual([1, 2])
})

it('waits what the backoff says', async () => {
  const { clock, strategy, events } = retrying({ backoff: constantBackoff(500) })
  const { action, calls } = flaky(1)
  const call = strategy.execute(action)
  await turn()
  clock.advance(499)
  await turn()
  expect(calls()).toBe(1)
  clock.advance(1)
  await call
  expect(events[0]).toMatchObject({ type: 'retry.scheduled', attempt: 2, delayMs: 500 })
})

it('a synchronous throw is a failure like any other', async () => {
  const { clock, strategy } = retrying({ maxAttempts: 1 })
  expect(
    await errorOf(
      run(
        clock,
        strategy.execute(() => {
          throw boom
        }),
      ),
    ),
  ).toBe(boom)
})

it("does not retry resil's own rejections", async () => {
  const { strategy } = retrying()
  const room = bulkhead({ maxConcurrentCalls: 1 })
  room.tryAcquire()
  const breaker = circuitBreaker()
  breaker.open()
  expect(await errorOf(retry().execute(() => breaker.execute(succeeds)))).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN' })
  expect(await errorOf(retry().execute(() => room.execute(succeeds)))).toMatchObject({ code: 'RESIL_BULKHEAD_FULL' })
  expect(strategy.metrics().attempts).toBe(0)
})

describe('abort', () => {
  it('during the backoff rejects before the next setImmediate, and leaves no timer', async () => {
    const { clock, strategy } = retrying({ backoff: constantBackoff(60_000) })
    const controller = new AbortController()
    const call = strategy.execute(fails, { signal: controller.signal })
    await turn()
    expect(clock.pending).toBe(1)
    const rejected = errorOf(call)
    controller.abort(new Error('gone'))
    expect(await Promise.race([rejected, turn().then(() => 'too late')])).toBe(controller.signal.reason)
    expect(clock.pending).toBe(0)
  })

  it('before the call begins makes no call', async () => {
    const { action, calls } = flaky(0)
    const reason = new Error('never mind')
    expect(await errorOf(retry().execute(action, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(calls()).toBe(0)
  })

  it('each attempt has a signal of its own: one aborted by its timeout is not reused', async () => {
    const { clock, strategy } = retrying({ attemptTimeoutMs: 1000 })
    const signals: AbortSignal[] = []
    const call = strategy.execute(({ signal, attempt }) => {
      signals.push(signal)
      return attempt === 1 ? deferred().promise : Promise.resolve(attempt)
    })
    expect(await run(clock, call)).toBe(2)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })
})

describe('Retry-After', () => {
  const asking = (headers: Record<string, string>) => new Response('', { status: 503, headers })
  const classify: RetryOptions<Response>['classify'] = (outcome) =>
    outcome.ok && outcome.value.ok ? 'success' : 'failure'

  it.each([
    ['seconds', () => '3', 3000],
    ['a date', (now: number) => new Date(now + 5000).toUTCString(), 5000],
  ] as const)('is honoured in %s where it is longer than the backoff', async (_form, header, delayMs) => {
    const { clock, strategy, events } = retrying<Response>({ classify })
    clock.advance(-(clock.wallNow() % 1000))
    const responses = [asking({ 'retry-after': header(clock.wallNow()) }), new Response('ok')]
    const call = strategy.execute(async () => responses.shift() as Response)
    await turn()
    expect(events[0]).toMatchObject({ type: 'retry.scheduled', delayMs })
    expect((await run(clock, call)).status).toBe(200)
  })

  it('does not shorten the backoff', async () => {
    const { clock, strategy, events } = retrying<Response>({ classify, backoff: constantBackoff(9000) })
    await run(
      clock,
      strategy.execute(async () => asking({ 'retry-after': '1' })),
    )
    expect(events[0]).toMatchObject({ delayMs: 9000 })
  })

  it('is read off errors too', async () => {
    const { strategy, events } = retrying()
    const error = Object.assign(new Error('503'), { response: { headers: { 'retry-after': '7' } } })
    void strategy.execute(() => Promise.reject(error)).catch(() => {})
    await turn()
    expect(events[0]).toMatchObject({ type: 'retry.scheduled', delayMs: 7000 })
  })

  it('past the deadline gives up now', async () => {
    const { clock, strategy, events } = retrying<Response>({ classify })
    const both = pipeline('p', timeout({ clock, timeoutMs: 2000 }), strategy)
    const response = await both.execute(async () => asking({ 'retry-after': '3' }))
    expect(response.status).toBe(503)
    expect(events.at(-1)).toMatchObject({ type: 'retry.gaveUp', cause: 'retry-after', attempts: 1 })
  })

  it('longer than maxRetryAfterMs gives up now', async () => {
    const { strategy, events } = retrying<Response>({ classify })
    await strategy.execute(async () => asking({ 'retry-after': '3600' }))
    expect(events.at(-1)).toMatchObject({ type: 'retry.gaveUp', cause: 'retry-after', attempts: 1 })
  })

  it.each(['-5', 'soon 5', '', 'Infinity', '1e3', '0x10', 'Fri, 32 Foo 2099 99:99:99 GMT'])(
    'of nonsense (%j) is not waited for, nor does it shorten the backoff',
    async (header) => {
      const { strategy, events } = retrying<Response>({ classify })
      void strategy.execute(async () => asking({ 'retry-after': header }))
      await turn()
      expect(events[0]).toMatchObject({ delayMs: 100 })
    },
  )

  it.each([Number.NaN, -1, '7' as unknown as number, undefined])(
    'that retryAfterMs() answers as %o asks for nothing',
    async (asked) => {
      const { strategy, events } = retrying<Response>({ classify, retryAfterMs: () => asked })
      void strategy.execute(async () => asking({}))
      await turn()
      expect(events[0]).toMatchObject({ delayMs: 100 })
    },
  )

  it('is read in all three forms of an HTTP date, and in fractions of a second', () => {
    const now = Date.UTC(1994, 10, 6, 8, 49, 30)
    const of = (header: string) => retryAfterMsOf({ headers: { 'Retry-After': header } }, now)
    expect([
      of('Sun, 06 Nov 1994 08:49:37 GMT'),
      of('Sunday, 06-Nov-94 08:49:37 GMT'),
      of('Sun Nov  6 08:49:37 1994'),
      of('Sun, 06 Nov 1994 08:49:00 GMT'),
      of('1.5'),
      of('99999999999999999999'),
    ]).toEqual([7000, 7000, 7000, 0, 1500, 1e23])
  })
})

it('does not begin a wait that the deadline would cut off', async () => {
  const { clock, strategy, events } = retrying({ backoff: constantBackoff(1000) })
  expect(await errorOf(pipeline('p', timeout({ clock, timeoutMs: 500 }), strategy).execute(fails))).toBe(boom)
  expect(events.at(-1)).toMatchObject({ type: 'retry.gaveUp', cause: 'deadline' })
})

it('takes the spelling of the guide: maxRetries, baseDelay, maxDelay, jitter', async () => {
  const { action, calls } = flaky(10)
  const strategy = retry({ maxRetries: 2, baseDelay: 1, maxDelay: 2, jitter: false })
  await errorOf(strategy.execute(action))
  expect(calls()).toBe(3)
})

it('a backoff of somebody else that answers nonsense waits nothing', async () => {
  const { clock, strategy } = retrying({ backoff: { delayMs: () => Number.NaN } })
  expect(await run(clock, strategy.execute(flaky(1).action), 0)).toBe(2)
})
