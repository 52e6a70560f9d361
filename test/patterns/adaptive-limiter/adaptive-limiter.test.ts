import { describe, expect, it } from 'vitest'
import { gradient, type Learnt, type LimitStep, vegas } from '../../../src/patterns/adaptive-limiter/limits.ts'
import { rejectProbability } from '../../../src/patterns/adaptive-limiter/throttle.ts'
import { adaptiveLimiter, manualClock, pipeline, timeout } from '../../../src/patterns.ts'
import { deferred, errorOf, fails, succeeds } from '../support/promises.ts'

const rules = { minLimit: 1, maxLimit: 200 }

/** A server that can do `capacity` calls in 10 ms, and queues the rest: who asks for more gets slower answers. */
function settleAt(step: LimitStep, capacity: number): number {
  let learnt: Learnt = { limit: 20, baseMs: 0, samples: 0 }
  for (let n = 0; n < 3000; n++) {
    const inFlight = Math.floor(learnt.limit)
    const durationMs = 10 * Math.max(1, inFlight / capacity)
    learnt = step(learnt, { durationMs, inFlight, dropped: false }, rules)
  }
  return learnt.limit
}

describe.each([
  ['vegas', vegas],
  ['gradient', gradient],
] as const)('%s', (_name, step) => {
  it('grows while the latency stays, and stops at the limit', () => {
    expect(settleAt(step, 10_000)).toBe(200)
  })

  it('falls when calls are dropped, never below the least', () => {
    let learnt: Learnt = { limit: 20, baseMs: 10, samples: 1 }
    for (let n = 0; n < 500; n++) learnt = step(learnt, { durationMs: 1000, inFlight: 20, dropped: true }, rules)
    expect(learnt.limit).toBe(1)
  })

  it('learns nothing while half of the limit is idle', () => {
    const learnt: Learnt = { limit: 100, baseMs: 10, samples: 10 }
    expect(step(learnt, { durationMs: 10, inFlight: 3, dropped: false }, rules).limit).toBe(100)
  })
})

it('vegas settles near what the server can do', () => {
  const limit = settleAt(vegas, 50)
  expect(limit).toBeGreaterThan(40)
  expect(limit).toBeLessThan(90)
})

describe('as a strategy', () => {
  it('rejects over the limit, and its limit follows the latencies', async () => {
    const clock = manualClock()
    const strategy = adaptiveLimiter({ clock, algorithm: 'vegas', initialLimit: 2, minLimit: 1, maxLimit: 50 })
    const pair = async () => {
      const [a, b] = [deferred(), deferred()]
      const calls = [strategy.execute(() => a.promise), strategy.execute(() => b.promise)]
      expect(strategy.metrics().inFlight).toBe(2)
      clock.advance(10)
      a.resolve(1)
      b.resolve(1)
      await Promise.all(calls)
    }
    const blocked = [deferred(), deferred()]
    const running = blocked.map(({ promise }) => strategy.execute(() => promise))
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_LIMIT_EXCEEDED' })
    for (const { resolve } of blocked) resolve(1)
    await Promise.all(running)
    for (let n = 0; n < 5; n++) await pair()
    expect(strategy.limit).toBeGreaterThan(2)
  })

  it('a timeout inside lowers it, other errors teach nothing', async () => {
    const clock = manualClock()
    const strategy = adaptiveLimiter({ clock, initialLimit: 10 })
    const both = pipeline('p', strategy, timeout({ clock, timeoutMs: 100 }))
    await errorOf(both.execute(fails))
    expect(strategy.limit).toBe(10)
    const late = both.execute(() => deferred().promise)
    clock.advance(100)
    await errorOf(late)
    expect(strategy.limit).toBe(9)
    expect(strategy.metrics().inFlight).toBe(1)
  })
})

describe('throttle', () => {
  it('holds back as much as the SRE book says', () => {
    expect(rejectProbability(100, 50, 2)).toBe(0)
    expect(rejectProbability(100, 0, 2)).toBeCloseTo(0.99, 2)
    expect(rejectProbability(100, 25, 2)).toBeCloseTo(0.495, 3)
  })

  it('turns calls down while most fail, and recovers when they succeed', async () => {
    const clock = manualClock()
    let draw = 0
    const strategy = adaptiveLimiter({ clock, algorithm: 'throttle', windowMs: 1000, random: () => draw })
    for (let n = 0; n < 50; n++) await strategy.execute(fails).catch(() => {})
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_THROTTLED' })
    draw = 0.999
    expect(await strategy.execute(succeeds)).toBe('ok')
    draw = 0
    clock.advance(1200)
    expect(await strategy.execute(succeeds)).toBe('ok')
  })
})
