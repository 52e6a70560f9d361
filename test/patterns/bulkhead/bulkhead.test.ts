import { describe, expect, it } from 'vitest'
import {
  type BulkheadOptions,
  bulkhead,
  circuitBreaker,
  hedge,
  manualClock,
  pipeline,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, stateOf, succeeds, turn } from '../support/promises.ts'

function room(options: BulkheadOptions = {}) {
  const clock = manualClock()
  return { clock, strategy: bulkhead({ clock, maxConcurrentCalls: 1, ...options }) }
}

describe('without a queue', () => {
  it('runs maxConcurrentCalls at once and rejects the rest', async () => {
    const { strategy } = room({ maxConcurrentCalls: 2 })
    const running = [deferred(), deferred()]
    const calls = running.map(({ promise }) => strategy.execute(() => promise))
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_BULKHEAD_FULL' })
    for (const { resolve } of running) resolve(1)
    await Promise.all(calls)
    expect(await strategy.execute(succeeds)).toBe('ok')
    expect(strategy.metrics()).toMatchObject({ inFlight: 0, acquired: 3, rejectedFull: 1 })
  })

  it('gives the place back after a failure and after a synchronous throw', async () => {
    const { strategy } = room()
    expect(await errorOf(strategy.execute(fails))).toBe(boom)
    expect(
      await errorOf(
        strategy.execute(() => {
          throw boom
        }),
      ),
    ).toBe(boom)
    expect(strategy.metrics().inFlight).toBe(0)
  })

  it('one dependency that is stuck takes nothing from another', async () => {
    const [stuck, other] = [room().strategy, room().strategy]
    void stuck.execute(() => deferred().promise)
    expect(await other.execute(succeeds)).toBe('ok')
  })
})

describe('the queue', () => {
  it('hands over in order of arrival, and nobody overtakes', async () => {
    const { strategy } = room({ maxQueuedCalls: 3 })
    const order: string[] = []
    const first = deferred()
    const late = (name: string) =>
      strategy.execute(async () => {
        order.push(name)
      })
    const calls = [strategy.execute(() => first.promise), late('b'), late('c')]
    first.resolve(1)
    await calls[0]
    calls.push(late('d'))
    await Promise.all(calls)
    expect(order).toEqual(['b', 'c', 'd'])
  })

  it('lets higher priorities go first, in order of arrival within one', async () => {
    const { strategy } = room({ maxQueuedCalls: 4 })
    const order: string[] = []
    const first = deferred()
    const calls = [strategy.execute(() => first.promise)]
    for (const [name, priority] of [
      ['a', 0],
      ['b', 1],
      ['c', 0],
      ['d', 1],
    ] as const) {
      calls.push(
        strategy.execute(
          async () => {
            order.push(name)
          },
          { priority },
        ),
      )
    }
    first.resolve(1)
    await Promise.all(calls)
    expect(order).toEqual(['b', 'd', 'a', 'c'])
  })

  it('turns away who waits longer than maxWaitMs', async () => {
    const { clock, strategy } = room({ maxQueuedCalls: 1, maxWaitMs: 300 })
    void strategy.execute(() => deferred().promise)
    const waiting = strategy.execute(succeeds)
    clock.advance(299)
    expect(await stateOf(waiting)).toBe('pending')
    clock.advance(1)
    expect(await errorOf(waiting)).toMatchObject({ code: 'RESIL_QUEUE_TIMEOUT' })
    expect(strategy.metrics()).toMatchObject({ queued: 0, rejectedWait: 1 })
  })

  it('frees the place of an aborted call at once', async () => {
    const { strategy } = room({ maxQueuedCalls: 1 })
    const first = deferred()
    const running = strategy.execute(() => first.promise)
    const controller = new AbortController()
    const aborted = strategy.execute(succeeds, { signal: controller.signal })
    controller.abort(boom)
    expect(strategy.metrics()).toMatchObject({ queued: 0, aborted: 1 })
    const next = strategy.execute(succeeds)
    expect(await errorOf(aborted)).toBe(boom)
    first.resolve(1)
    await running
    expect(await next).toBe('ok')
  })

  it('a call aborted between getting its place and using it gives it back', async () => {
    const { strategy } = room({ maxQueuedCalls: 2 })
    const first = deferred()
    const controller = new AbortController()
    // Judged right after the permit was handed on, in the same microtask.
    const classify = () => {
      controller.abort(boom)
      return 'success' as const
    }
    const running = pipeline('p', circuitBreaker({ classify }), strategy).execute(() => first.promise)
    let ran = false
    const aborted = strategy.execute(
      () => {
        ran = true
      },
      { signal: controller.signal },
    )
    const permit = strategy.acquire()
    first.resolve(1)
    await running
    expect(await errorOf(aborted)).toBe(boom)
    ;(await permit).release()
    expect(ran).toBe(false)
    expect(strategy.metrics()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('a queue of 10,000 that moves on at once does not overflow the stack', async () => {
    const { strategy } = room({ maxQueuedCalls: 10_000 })
    const first = deferred()
    const calls = [strategy.execute(() => first.promise)]
    for (let n = 0; n < 10_000; n++) calls.push(strategy.execute(() => n))
    first.resolve(-1)
    expect((await Promise.all(calls)).at(-1)).toBe(9999)
  })
})

describe('a permit is held until every action begun under it has settled', () => {
  it('also one that a timeout abandoned', async () => {
    const { clock, strategy } = room()
    const limit = timeout({ clock, timeoutMs: 100 })
    const both = pipeline('p', strategy, limit)
    const stuck = deferred()
    const call = both.execute(() => stuck.promise)
    clock.advance(100)
    expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT' })
    expect(strategy.metrics().inFlight).toBe(1)
    expect(limit.metrics().abandoned).toBe(1)
    stuck.reject(boom)
    await turn()
    expect(strategy.metrics().inFlight).toBe(0)
    expect(limit.metrics().abandoned).toBe(0)
  })

  it('wherever the timeout stands, and while a retry goes on', async () => {
    const { clock, strategy } = room({ maxConcurrentCalls: 5 })
    const again = retry({ clock, attemptTimeoutMs: 100, backoff: { delayMs: () => 0 }, maxAttempts: 3 })
    const stuck = [deferred(), deferred(), deferred()]
    const inside = errorOf(pipeline('in', again, strategy).execute(({ attempt }) => stuck[attempt - 1]?.promise))
    for (let n = 0; n < 3; n++) {
      clock.advance(100)
      await turn()
      clock.advance(0)
      await turn()
    }
    expect(await inside).toMatchObject({ code: 'RESIL_TIMEOUT' })
    expect(strategy.metrics().inFlight).toBe(3)
    for (const [n, { resolve }] of stuck.entries()) {
      resolve('late')
      await turn()
      expect(strategy.metrics().inFlight).toBe(2 - n)
    }
  })

  it('also one that its caller abandoned, and one that lost a hedge', async () => {
    const { clock, strategy } = room({ maxConcurrentCalls: 2 })
    const [slow, gone] = [deferred(), deferred()]
    const hedged = pipeline('h', strategy, hedge({ clock, delayMs: 10 }))
    const won = hedged.execute(({ attempt }) => (attempt === 1 ? slow.promise : 'fast'))
    clock.advance(10)
    expect(await won).toBe('fast')
    const controller = new AbortController()
    const aborted = strategy.execute(() => gone.promise, { signal: controller.signal })
    controller.abort(boom)
    await errorOf(aborted)
    expect(strategy.metrics().inFlight).toBe(2)
    slow.resolve(1)
    gone.resolve(1)
    await turn()
    expect(strategy.metrics().inFlight).toBe(0)
  })
})

describe('by hand', () => {
  it('tryAcquire() and acquire() share the permits with calls; release is idempotent', async () => {
    const { strategy } = room({ maxQueuedCalls: 1 })
    const permit = strategy.tryAcquire()
    expect(strategy.tryAcquire()).toBeUndefined()
    const next = strategy.acquire()
    permit?.release()
    permit?.release()
    const second = await next
    expect(strategy.metrics().inFlight).toBe(1)
    second.release()
    expect(strategy.metrics().inFlight).toBe(0)
  })

  it('acquire() rejects with the reason when aborted, and frees its place', async () => {
    const { strategy } = room({ maxQueuedCalls: 1 })
    strategy.tryAcquire()
    const controller = new AbortController()
    const waiting = errorOf(strategy.acquire({ signal: controller.signal }))
    await turn()
    controller.abort(boom)
    expect(await waiting).toBe(boom)
    expect(strategy.metrics().queued).toBe(0)
  })
})

it('dispose turns the queue away and lets running calls finish', async () => {
  const { clock, strategy } = room({ maxQueuedCalls: 1 })
  const running = deferred()
  const call = strategy.execute(() => running.promise)
  const queued = strategy.execute(succeeds)
  strategy.dispose()
  strategy.dispose()
  expect(await errorOf(queued)).toMatchObject({ code: 'RESIL_DISPOSED' })
  expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_DISPOSED' })
  expect(await errorOf(pipeline('p', strategy).execute(succeeds))).toMatchObject({ code: 'RESIL_DISPOSED' })
  running.resolve('done')
  expect(await call).toBe('done')
  expect(clock.pending).toBe(0)
})

it('takes the spelling of the guide: maxConcurrent, maxQueue', () => {
  expect(bulkhead({ maxConcurrent: 7, maxQueue: 3 }).metrics().limit).toBe(7)
})
