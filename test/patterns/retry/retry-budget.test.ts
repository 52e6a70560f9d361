import { describe, expect, it } from 'vitest'
import { constantBackoff, manualClock, type PatternEvent, retry, retryBudget } from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'
import { boom, errorOf, fails } from '../support/promises.ts'

describe('retryBudget', () => {
  it('allows a share of the attempts', () => {
    const budget = retryBudget({ clock: manualClock(), ratio: 0.2, minRetriesPerSecond: 0 })
    for (let n = 0; n < 15; n++) budget.recordAttempt()
    expect([1, 2, 3, 4].map(() => budget.tryAcquire())).toEqual([true, true, true, false])
    expect(budget.metrics()).toMatchObject({ balance: 0, acquired: 3, denied: 1 })
  })

  it('always allows a reserve, for quiet services', () => {
    const budget = retryBudget({ clock: manualClock(), minRetriesPerSecond: 1, windowMs: 2000 })
    expect([1, 2, 3].map(() => budget.tryAcquire())).toEqual([true, true, false])
  })

  it('forgets attempts after the window', () => {
    const clock = manualClock()
    const budget = retryBudget({ clock, ratio: 1, minRetriesPerSecond: 0, windowMs: 1000 })
    budget.recordAttempt()
    clock.advance(1100)
    expect(budget.tryAcquire()).toBe(false)
  })

  it('never allows more than its share and reserve in a window, whatever happens when', () => {
    const step = fc.oneof(fc.constant('attempt' as const), fc.constant('retry' as const), fc.nat(400))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const clock = manualClock()
        const budget = retryBudget({ clock, ratio: 0.5, minRetriesPerSecond: 2, windowMs: 1000 })
        const attempts: number[] = []
        const retries: number[] = []
        for (const what of steps) {
          if (typeof what === 'number') clock.advance(what)
          else if (what === 'attempt') {
            budget.recordAttempt()
            attempts.push(clock.now())
          } else if (budget.tryAcquire()) retries.push(clock.now())
          // A bucket is a tenth of the window: at most that much more than the window itself is counted.
          const inWindow = (times: number[], ms: number) => times.filter((at) => at > clock.now() - ms).length
          expect(inWindow(retries, 900)).toBeLessThanOrEqual(2 + 0.5 * inWindow(attempts, 1900) + 1e-9)
        }
      }),
    )
  })
})

it('a retry without leave is not made, and the error is the last one', async () => {
  const clock = manualClock()
  const budget = retryBudget({ clock, minRetriesPerSecond: 0, ratio: 0 })
  const strategy = retry({ clock, budget })
  const events: PatternEvent[] = []
  strategy.on((event) => events.push(event))
  expect(await errorOf(strategy.execute(fails))).toBe(boom)
  expect(events).toMatchObject([{ type: 'retry.gaveUp', cause: 'budget', attempts: 1 }])
  expect(strategy.metrics().budgetDenied).toBe(1)
})

it('three nested layers at 20 % make at most 1.2³ times the calls offered, plus reserves', async () => {
  const offered = 2000
  let calls = 0
  const layer = () =>
    retry({
      backoff: constantBackoff(0),
      maxAttempts: 3,
      budget: retryBudget({ ratio: 0.2, minRetriesPerSecond: 1, windowMs: 10_000 }),
    })
  const [outer, middle, inner] = [layer(), layer(), layer()]
  const down = async (): Promise<never> => {
    calls += 1
    throw boom
  }
  const all = Array.from({ length: offered }, () =>
    outer.execute(() => middle.execute(() => inner.execute(down))).catch(() => {}),
  )
  await Promise.all(all)
  const reserve = 10
  const after = (from: number) => from * 1.2 + reserve
  expect(calls).toBeGreaterThan(offered)
  expect(calls).toBeLessThanOrEqual(after(after(after(offered))))
})
