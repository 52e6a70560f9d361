import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import type { Clock } from '../../../src/clock.ts'
import {
  type AnyStrategy,
  bulkhead,
  constantBackoff,
  fallback,
  hedge,
  manualClock,
  pipeline,
  rateLimiter,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { deferred, fails, turn } from '../support/promises.ts'

// Request ids, tenants and transactions travel in AsyncLocalStorage: a call that ran in another's would use another's.
const request = new AsyncLocalStorage<string>()

/** Begins a call for each id, each in its own context; its action notes the context that each of its runs sees. */
function calls(strategy: AnyStrategy, ids: readonly string[], action: (id: string, run: number) => unknown) {
  const seen: Record<string, (string | undefined)[]> = Object.fromEntries(ids.map((id) => [id, []]))
  const all = ids.map((id) =>
    request.run(id, () => {
      const run = () => {
        seen[id]?.push(request.getStore())
        return action(id, seen[id]?.length ?? 0) as Promise<never>
      }
      return strategy.execute(run).catch((error: unknown) => error)
    }),
  )
  return { seen, all: Promise.all(all) }
}

it('a call that waited for a permit runs in the context of its own caller, not of who made room', async () => {
  const first = deferred()
  const { seen, all } = calls(bulkhead({ maxConcurrentCalls: 1, maxQueuedCalls: 5 }), ['a', 'b', 'c'], (id) =>
    id === 'a' ? first.promise : undefined,
  )
  request.run('somebody else', () => first.resolve(undefined))
  await all
  expect(seen).toEqual({ a: ['a'], b: ['b'], c: ['c'] })
})

it('so does one that waited for its turn', async () => {
  const limiter = rateLimiter({ limit: 200, burst: 1, maxQueuedCalls: 5 })
  const { seen, all } = calls(limiter, ['a', 'b', 'c'], () => undefined)
  await all
  expect(seen).toEqual({ a: ['a'], b: ['b'], c: ['c'] })
})

it('attempts after a timeout run in the context of their own call, though calls share a timer', async () => {
  const hang = new Promise(() => {})
  const hands = manualClock()
  // As Node's timers: each runs in the context of whoever armed it.
  const clock: Clock = {
    now: () => hands.now(),
    wallNow: () => hands.wallNow(),
    setTimeout: (run, delayMs) => hands.setTimeout(AsyncLocalStorage.bind(run), delayMs),
  }
  const again = { clock, backoff: constantBackoff(0) }
  const limit = { clock, timeoutMs: 20 }
  const cached = fallback.cached({ clock, key: 'k', singleFlight: false })
  for (const strategy of [
    pipeline('p', retry(again), timeout(limit)),
    retry({ ...again, attemptTimeoutMs: 20 }),
    pipeline('p', retry(again), cached, timeout(limit), bulkhead({ clock })),
  ]) {
    const { seen, all } = calls(strategy, ['a', 'b'], (_id, run) => (run < 3 ? hang : undefined))
    // Two attempts that hang, and the wait of no time after each.
    for (let step = 0; step < 4; step += 1) {
      await turn()
      hands.advance(20)
    }
    await all
    expect(seen).toEqual({ a: ['a', 'a', 'a'], b: ['b', 'b', 'b'] })
  }
})

it('a degraded answer is made in the context of the call that timed out', async () => {
  const clock = manualClock()
  const less = fallback.degraded(() => request.getStore())
  const late = pipeline('p', less, timeout({ clock, timeoutMs: 100 }))
  const answers = ['a', 'b'].map((id) => request.run(id, () => late.execute(() => new Promise<string>(() => {}))))
  request.run('the timer', () => clock.advance(100))
  expect(await Promise.all(answers)).toEqual(['a', 'b'])
})

it('who joined a shared call goes on in its own context when that call fails', async () => {
  const shared = pipeline('p', retry({ backoff: constantBackoff(0), maxAttempts: 2 }), fallback.cached({ key: 'k' }))
  const degrades = pipeline(
    'p',
    fallback.degraded(() => request.getStore()),
    fallback.cached({ key: 'k' }),
  )
  const { seen, all } = calls(shared, ['a', 'b'], () => fails())
  await all
  // Each of them may have begun the second shared call; neither did so in the name of the other.
  expect(seen.a?.every((store) => store === 'a')).toBe(true)
  expect(seen.b?.every((store) => store === 'b')).toBe(true)
  const answers = ['a', 'b'].map((id) => request.run(id, () => degrades.execute(fails)))
  expect(await Promise.all(answers)).toEqual(['a', 'b'])
})

it('hedges run in the context of their call', async () => {
  const { seen, all } = calls(hedge({ delayMs: 5 }), ['a', 'b'], (_id, run) =>
    run === 1 ? new Promise(() => {}) : 'fast',
  )
  expect(await all).toEqual(['fast', 'fast'])
  expect(seen).toEqual({ a: ['a', 'a'], b: ['b', 'b'] })
})
