// Scenarios from public issue threads of other libraries, written anew: what their users ran into must hold here.

import { describe, expect, it } from 'vitest'
import { bulkhead, circuitBreaker, manualClock, pipeline, retry, timeout } from '../../src/patterns.ts'
import { boom, deferred, errorOf, fails, succeeds, turn } from './support/promises.ts'
import { countListeners } from './support/signals.ts'

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

describe('cockatiel, signals', () => {
  it('#69, #81: retries and timeouts under one signal leave no listener on it, and warn of none', async () => {
    const clock = manualClock()
    const { signal } = new AbortController()
    const counts = countListeners(signal)
    const backoff = { delayMs: () => 1 }
    const all = pipeline(
      'p',
      retry({ clock, backoff, maxAttempts: 16 }),
      timeout({ clock, timeoutMs: 100, mode: 'cooperative' }),
    )
    let calls = 0
    const call = all.execute(
      () => {
        calls += 1
        return calls < 16 ? fails() : succeeds()
      },
      { signal },
    )
    for (let n = 0; n < 16; n++) {
      expect(counts.added - counts.removed).toBe(1)
      await turn()
      clock.advance(1)
    }
    expect(await call).toBe('ok')
    expect([calls, counts.added - counts.removed, clock.pending]).toEqual([16, 0, 0])
  })

  it('#107: a retry around a breaker gives the error of the dependency, and is not stuck on a circuit that opened meanwhile', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 2, openMs: 1000 })
    const all = pipeline('p', retry({ clock, maxAttempts: 5, backoff: { delayMs: () => 10 } }), breaker)
    const call = errorOf(all.execute(fails))
    for (let n = 0; n < 5; n++) {
      await turn()
      clock.advance(10)
    }
    expect(await call).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN', cause: boom })
    expect(breaker.metrics()).toMatchObject({ failure: 2, rejected: 1 })
  })
})

describe('opossum', () => {
  it('#385: failures that come together open it once, and it becomes half-open all the same', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 5, openMs: 1000 })
    const opened: number[] = []
    breaker.on(({ type, at }) => void (type === 'circuitBreaker.opened' && opened.push(at)))
    await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map(() => breaker.execute(fails)))
    expect([breaker.state, opened.length]).toEqual(['open', 1])
    clock.advance(1000)
    expect(breaker.state).toBe('half-open')
  })

  it('#119: half-open does not let the flood through, and opens again at a failure whatever the rate was', async () => {
    const clock = manualClock()
    const window = { durationMs: 10_000 }
    const breaker = circuitBreaker({ clock, window, minimumCalls: 10, openMs: 60_000, successThreshold: 1 })
    await Promise.allSettled(Array.from({ length: 10 }, () => breaker.execute(fails)))
    clock.advance(60_000)
    const probe = deferred()
    const first = errorOf(breaker.execute(() => probe.promise))
    const flood = await Promise.all(Array.from({ length: 20 }, () => breaker.report(succeeds)))
    expect(flood.every(({ ok }) => !ok)).toBe(true)
    probe.reject(boom)
    expect(await first).toBe(boom)
    expect(breaker.state).toBe('open')
  })

  it('#484: what ends after the circuit closed again does not open it', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 3, openMs: 1000, successThreshold: 1, halfOpenCalls: 3 })
    await Promise.allSettled([1, 2, 3].map(() => breaker.execute(fails)))
    clock.advance(1000)
    const probes = [deferred(), deferred(), deferred()]
    const calls = probes.map(({ promise }) => breaker.execute(() => promise))
    probes[0]?.resolve('ok')
    await calls[0]
    for (const { reject } of probes.slice(1)) reject(boom)
    await Promise.allSettled(calls)
    expect(breaker.state).toBe('closed')
    expect(await breaker.execute(succeeds)).toBe('ok')
  })

  it('#719: an open time that has passed while the process did nothing is noticed at the next call, without a timer', async () => {
    const clock = manualClock()
    const before = circuitBreaker({ clock, failureThreshold: 1, openMs: 1000 })
    await errorOf(before.execute(fails))
    const later = manualClock()
    const restored = circuitBreaker({ clock: later, failureThreshold: 1, openMs: 1000, restore: before.snapshot() })
    expect([await errorOf(restored.execute(succeeds)), later.pending]).toMatchObject([
      { code: 'RESIL_CIRCUIT_OPEN' },
      0,
    ])
    later.advance(1000)
    expect(await restored.execute(succeeds)).toBe('ok')
  })

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
