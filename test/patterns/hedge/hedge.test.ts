import { expect, it } from 'vitest'
import {
  type HedgeOptions,
  hedge,
  manualClock,
  type PatternEvent,
  pipeline,
  retryBudget,
  timeout,
} from '../../../src/patterns.ts'
import { boom, type Deferred, deferred, errorOf, stateOf, succeeds, turn } from '../support/promises.ts'

function hedging(options: HedgeOptions = {}) {
  const clock = manualClock()
  const strategy = hedge({ clock, delayMs: 100, ...options })
  const events: PatternEvent[] = []
  strategy.on((event) => events.push(event))
  const work: Deferred<string>[] = []
  const signals: AbortSignal[] = []
  const action = ({ attempt, signal }: { attempt: number; signal: AbortSignal }) => {
    signals[attempt - 1] = signal
    const one = deferred<string>()
    work[attempt - 1] = one
    return one.promise
  }
  return { clock, strategy, events, work, signals, action }
}

it('does not ask twice where the answer is in time', async () => {
  const { clock, strategy } = hedging()
  expect(await strategy.execute(succeeds)).toBe('ok')
  expect(strategy.metrics()).toMatchObject({ calls: 1, hedges: 0 })
  expect(clock.pending).toBe(0)
})

it('the first success wins, and the other is aborted', async () => {
  const { clock, strategy, work, signals, action, events } = hedging()
  const call = strategy.execute(action)
  clock.advance(100)
  work[1]?.resolve('second')
  expect(await call).toBe('second')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  expect(signals[0]?.reason).toMatchObject({ name: 'AbortError' })
  expect(events.map(({ type }) => type)).toEqual(['hedge.started', 'hedge.won'])
  work[0]?.reject(boom)
  await turn()
})

it('a hedge that fails does not end the call; all failed: the first failure', async () => {
  const { clock, strategy, work, action } = hedging({ maxHedges: 2 })
  const call = strategy.execute(action)
  clock.advance(100)
  work[1]?.reject(boom)
  expect(await stateOf(call)).toBe('pending')
  clock.advance(100)
  work[2]?.reject(new Error('third'))
  work[0]?.reject(new Error('first'))
  expect(await errorOf(call)).toBe(boom)
})

it('starts no more than maxHedges, one after each delay', async () => {
  const { clock, strategy, work, action } = hedging({ maxHedges: 2 })
  const call = strategy.execute(action)
  clock.advance(1000)
  expect(work.length).toBe(3)
  work[0]?.resolve('first after all')
  expect(await call).toBe('first after all')
  expect(strategy.metrics()).toMatchObject({ hedges: 2, won: 0 })
})

it('a timeout around it ends all of them', async () => {
  const { clock, strategy, signals, action } = hedging()
  const call = pipeline('p', timeout({ clock, timeoutMs: 150 }), strategy).execute(action)
  clock.advance(150)
  expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT' })
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  expect(clock.pending).toBe(0)
})

it('a cooperative timeout around it asks all of them to stop', async () => {
  const { clock, strategy, signals, work, action } = hedging()
  const call = pipeline('p', timeout({ clock, timeoutMs: 150, mode: 'cooperative' }), strategy).execute(action)
  clock.advance(150)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  for (const { reject } of work) reject(boom)
  expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT', cause: boom })
})

it('asks its budget for leave', async () => {
  const { clock, strategy, work, action } = hedging({ budget: retryBudget({ ratio: 0, minRetriesPerSecond: 0 }) })
  const call = strategy.execute(action)
  clock.advance(500)
  expect(work.length).toBe(1)
  work[0]?.resolve('alone')
  expect(await call).toBe('alone')
  expect(strategy.metrics()).toMatchObject({ hedges: 0, budgetDenied: 1 })
})

it('learns its delay: a quantile of past latencies, after 100 calls', async () => {
  const { clock, strategy, work, action } = hedging({ delayMs: { quantile: 0.9, initialMs: 5000, minMs: 5 } })
  for (let ms = 1; ms <= 128; ms++) await strategy.execute(async () => clock.advance(ms))
  const call = strategy.execute(action)
  clock.advance(115)
  expect(work.length).toBe(1)
  clock.advance(2)
  expect(work.length).toBe(2)
  work[1]?.resolve('hedged')
  expect(await call).toBe('hedged')
})
