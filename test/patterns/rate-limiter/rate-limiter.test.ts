import { describe, expect, it } from 'vitest'
import { manualClock, type RateLimiterOptions, rateLimiter } from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'
import { boom, errorOf, stateOf, succeeds } from '../support/promises.ts'

function limiter(options: Partial<RateLimiterOptions> = {}) {
  const clock = manualClock()
  return { clock, strategy: rateLimiter({ clock, limit: 10, ...options }) }
}

it('lets a burst through, then spaces calls evenly', () => {
  const { clock, strategy } = limiter({ burst: 3 })
  const taken = () => [1, 2, 3, 4].map(() => strategy.tryAcquire())
  expect(taken()).toEqual([true, true, true, false])
  clock.advance(99)
  expect(strategy.tryAcquire()).toBe(false)
  clock.advance(1)
  expect([strategy.tryAcquire(), strategy.tryAcquire()]).toEqual([true, false])
  clock.advance(10_000)
  expect(taken()).toEqual([true, true, true, false])
})

it('rejects with the time after which it makes sense to try again', async () => {
  const { strategy } = limiter({ burst: 1 })
  await strategy.execute(succeeds)
  expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_RATE_LIMITED', retryAfterMs: 100 })
  expect(strategy.metrics()).toMatchObject({ acquired: 1, rejected: 1, available: 0 })
})

it('never lets more through in any period than limit and burst allow', () => {
  const options = fc.record({ limit: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 50 }) })
  fc.assert(
    fc.property(options, fc.array(fc.nat(300), { minLength: 1, maxLength: 300 }), ({ limit, burst }, waits) => {
      const { clock, strategy } = limiter({ limit, burst })
      const passed: number[] = []
      for (const wait of waits) {
        clock.advance(wait % 40)
        if (strategy.tryAcquire()) passed.push(clock.now())
      }
      for (const [n, from] of passed.entries()) {
        const inPeriod = passed.slice(n).filter((at) => at < from + 1000).length
        expect(inPeriod).toBeLessThanOrEqual(burst + limit)
      }
    }),
  )
})

describe('the queue', () => {
  it('lets waiting calls go in turn, and an aborted one leaves at once', async () => {
    const { clock, strategy } = limiter({ burst: 1, maxQueuedCalls: 2, maxWaitMs: 1000 })
    const controller = new AbortController()
    await strategy.execute(succeeds)
    const aborted = strategy.execute(succeeds, { signal: controller.signal })
    const second = strategy.execute(succeeds)
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_RATE_LIMITED', retryAfterMs: 300 })
    controller.abort(boom)
    expect(await errorOf(aborted)).toBe(boom)
    clock.advance(100)
    expect(await second).toBe('ok')
    expect(clock.pending).toBe(0)
  })

  it('turns away at once who would wait for too long anyway', async () => {
    const { strategy } = limiter({ limit: 1, burst: 1, maxQueuedCalls: 5, maxWaitMs: 500 })
    await strategy.execute(succeeds)
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_RATE_LIMITED' })
  })

  it('is turned away by dispose, and leaves no timer', async () => {
    const { clock, strategy } = limiter({ burst: 1, maxQueuedCalls: 5 })
    await strategy.execute(succeeds)
    const waiting = strategy.execute(succeeds)
    expect(await stateOf(waiting)).toBe('pending')
    strategy.dispose()
    expect(await errorOf(waiting)).toMatchObject({ code: 'RESIL_DISPOSED' })
    expect(clock.pending).toBe(0)
  })
})

describe('by key', () => {
  it('each key has a limit of its own', async () => {
    const { strategy } = limiter({ burst: 1, key: ({ key }) => key ?? 'none' })
    expect(await strategy.execute(succeeds, { key: 'a' })).toBe('ok')
    expect(await strategy.execute(succeeds, { key: 'b' })).toBe('ok')
    expect(await errorOf(strategy.execute(succeeds, { key: 'a' }))).toMatchObject({ code: 'RESIL_RATE_LIMITED' })
  })

  it('remembers only so many', () => {
    const { strategy } = limiter({ maxKeys: 3 })
    for (let n = 0; n < 10; n++) strategy.tryAcquire(`key ${n}`)
    expect(strategy.metrics().keys).toBe(3)
  })

  it('tells its metrics with as many keys as there may be', () => {
    const { strategy } = limiter({ maxKeys: 200_000 })
    for (let n = 0; n < 150_000; n++) strategy.tryAcquire(`key ${n}`)
    expect(strategy.metrics().keys).toBe(150_000)
  })

  it('a key that is no string fails the call: one key for all would let one user spend the limit of another', async () => {
    const { strategy } = limiter({ key: () => undefined as never })
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({
      message: expect.stringContaining('key() must return a string, got undefined'),
    })
  })

  it('a key function that throws fails the call', async () => {
    const { strategy } = limiter({
      key: () => {
        throw boom
      },
    })
    expect(await errorOf(strategy.execute(succeeds))).toBe(boom)
  })
})
