// Scenarios from public issue threads of other libraries, written anew: what their users ran into must hold here.

import { describe, expect, it } from 'vitest'
import { bulkhead, circuitBreaker, manualClock, pipeline, retry, timeout } from '../../src/patterns.ts'
import { boom, deferred, errorOf, fails, succeeds, turn } from './support/promises.ts'

describe('cockatiel', () => {
  it('#73: half-open lets a given number of calls through, not one', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 1, openMs: 100, successThreshold: 3 })
    await errorOf(breaker.execute(fails))
    clock.advance(100)
    let running = 0
    const probes = [1, 2, 3].map(() => {
      const work = deferred()
      return {
        work,
        call: breaker.execute(() => {
          running += 1
          return work.promise
        }),
      }
    })
    expect(running).toBe(3)
    for (const { work } of probes) work.resolve(1)
    await Promise.all(probes.map(({ call }) => call))
    expect(breaker.state).toBe('closed')
  })

  it('#64: failures of calls that began before the circuit was closed again do not trip it', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 2, openMs: 100, successThreshold: 1 })
    const old = [1, 2, 3, 4, 5].map(() => deferred())
    const calls = old.map(({ promise }) => breaker.execute(() => promise))
    old[0]?.reject(boom)
    old[1]?.reject(boom)
    await Promise.allSettled(calls.slice(0, 2))
    clock.advance(100)
    await breaker.execute(succeeds)
    for (const { reject } of old.slice(2)) reject(boom)
    await Promise.allSettled(calls)
    expect(breaker.state).toBe('closed')
  })

  it('#114: aborted items do not keep the queue of a bulkhead full', async () => {
    const room = bulkhead({ maxConcurrentCalls: 1, maxQueuedCalls: 2, maxWaitMs: 60_000 })
    const first = deferred()
    const running = room.execute(() => first.promise)
    for (let n = 0; n < 10; n++) {
      const controller = new AbortController()
      const call = errorOf(room.execute(succeeds, { signal: controller.signal }))
      controller.abort(boom)
      expect(await call).toBe(boom)
    }
    const queued = [room.execute(succeeds), room.execute(succeeds)]
    first.resolve(1)
    await running
    expect(await Promise.all(queued)).toEqual(['ok', 'ok'])
  })
})

describe('opossum', () => {
  it('#276: a probe that never ends does not keep the circuit half-open for ever', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 1, openMs: 1000, successThreshold: 1, permitTtlMs: 500 })
    await breaker.execute(fails).catch(() => {})
    clock.advance(1000)
    void breaker.execute(() => new Promise(() => {}))
    clock.advance(500)
    expect(breaker.state).toBe('open')
    clock.advance(1000)
    expect(await breaker.execute(succeeds)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  it('#381: a success still under way when the circuit opens does not close it', async () => {
    const breaker = circuitBreaker({ failureThreshold: 1 })
    const slow = deferred()
    const call = breaker.execute(() => slow.promise)
    await errorOf(breaker.execute(fails))
    slow.resolve('at last')
    expect(await call).toBe('at last')
    expect(breaker.state).toBe('open')
  })

  it('#861: after one call was aborted by its timeout, the next has a signal of its own', async () => {
    const clock = manualClock()
    const both = pipeline('p', circuitBreaker({ clock }), timeout({ clock, timeoutMs: 100 }))
    const signals: AbortSignal[] = []
    const call = errorOf(
      both.execute(({ signal }) => {
        signals.push(signal)
        return deferred().promise
      }),
    )
    clock.advance(100)
    await call
    await both.execute(async ({ signal }) => void signals.push(signal))
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  it('#648, #809: thousands of calls a second leave nothing behind: no timer, and a window of fixed size', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, window: { durationMs: 10_000 }, minimumCalls: 1e9 })
    const both = pipeline('p', breaker, timeout({ clock, timeoutMs: 1000 }))
    for (let n = 0; n < 20_000; n++) await both.execute(n % 2 === 0 ? succeeds : fails).catch(() => {})
    expect(clock.pending).toBe(0)
    expect(breaker.metrics().failureRate).toBe(0.5)
    clock.advance(11_000)
    expect(breaker.metrics().failureRate).toBe(0)
  })
})

describe('p-retry and p-limit', () => {
  it('what is thrown in the end is the very error of the last attempt', async () => {
    const errors = [new TypeError('not a network error'), new RangeError('second')]
    let n = 0
    const again = retry({ maxAttempts: 2, backoff: { delayMs: () => 0 } })
    expect(await errorOf(again.execute(() => Promise.reject(errors[n++])))).toBe(errors[1])
  })

  it('p-limit#25: waiting calls can be cancelled, one by one and all at once', async () => {
    const room = bulkhead({ maxConcurrentCalls: 1, maxQueuedCalls: 100 })
    const first = deferred()
    const running = room.execute(() => first.promise)
    const controller = new AbortController()
    const begun: number[] = []
    const waiting = [1, 2, 3].map((n) => errorOf(room.execute(() => begun.push(n), { signal: controller.signal })))
    controller.abort(boom)
    expect(await Promise.all(waiting)).toEqual([boom, boom, boom])
    first.resolve(1)
    await running
    await turn()
    expect(begun).toEqual([])
  })
})
