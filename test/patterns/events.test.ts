import { expect, it } from 'vitest'
import {
  type AnyStrategy,
  adaptiveLimiter,
  bulkhead,
  chaos,
  circuitBreaker,
  constantBackoff,
  fallback,
  healthRegistry,
  hedge,
  type ManualClock,
  manualClock,
  type PatternEvent,
  pipeline,
  rateLimiter,
  retry,
  timeout,
} from '../../src/patterns.ts'
import { boom, deferred, fails, succeeds, turn } from './support/promises.ts'

type Told = Omit<PatternEvent, 'at'>
interface Scene {
  readonly strategy: AnyStrategy
  readonly play: (clock: ManualClock) => unknown
  readonly told: readonly Told[]
}

const hang = () => new Promise<never>(() => {})
const call = (strategy: unknown, action: () => unknown) =>
  (strategy as ReturnType<typeof retry>).execute(action).catch(() => {})

/** What happens, and every event that it is told by; nothing else is told. */
const scenes: Record<string, (clock: ManualClock) => Scene> = {
  'a circuit that fails, is probed, and recovers': (clock) => {
    const strategy = circuitBreaker({ name: 'x', clock, failureThreshold: 1, openMs: 10, successThreshold: 1 })
    return {
      strategy,
      play: async () => {
        await call(strategy, fails)
        await call(strategy, succeeds)
        clock.advance(10)
        await call(strategy, succeeds)
      },
      told: [
        { type: 'circuitBreaker.opened', name: 'x', cause: 'failures', openMs: 10, errors: [boom] },
        { type: 'circuitBreaker.halfOpened', name: 'x' },
        { type: 'circuitBreaker.closed', name: 'x', cause: 'probes' },
      ],
    }
  },
  'a circuit that is set by hand': (clock) => {
    const strategy = circuitBreaker({ name: 'x', clock })
    return {
      strategy,
      play: () => {
        strategy.open()
        strategy.open()
        strategy.disable()
        strategy.close()
        strategy.close()
      },
      told: [
        { type: 'circuitBreaker.opened', name: 'x', cause: 'manual', openMs: Number.POSITIVE_INFINITY, errors: [] },
        { type: 'circuitBreaker.disabled', name: 'x' },
        { type: 'circuitBreaker.closed', name: 'x', cause: 'manual' },
      ],
    }
  },
  'a retry that gives up': (clock) => {
    const strategy = retry({ name: 'x', clock, maxAttempts: 2, backoff: constantBackoff(5) })
    return {
      strategy,
      play: async () => {
        const done = call(strategy, fails)
        await turn()
        clock.advance(5)
        await done
      },
      told: [
        { type: 'retry.scheduled', name: 'x', attempt: 2, delayMs: 5, error: boom },
        { type: 'retry.gaveUp', name: 'x', attempts: 2, cause: 'attempts', error: boom },
      ],
    }
  },
  'a bulkhead that is full, and one that keeps waiting': (clock) => {
    const strategy = bulkhead({ name: 'x', clock, maxConcurrentCalls: 1, maxQueuedCalls: 1, maxWaitMs: 50 })
    return {
      strategy,
      play: () => {
        for (let n = 0; n < 3; n++) void call(strategy, hang)
        clock.advance(50)
      },
      told: [
        { type: 'bulkhead.rejected', name: 'x', cause: 'full' },
        { type: 'bulkhead.rejected', name: 'x', cause: 'wait' },
      ],
    }
  },
  'a rate that is used up': (clock) => {
    const strategy = rateLimiter({ name: 'x', clock, limit: 10, burst: 1 })
    return {
      strategy,
      play: async () => {
        await call(strategy, succeeds)
        await call(strategy, succeeds)
      },
      told: [{ type: 'rateLimiter.rejected', name: 'x', retryAfterMs: 100 }],
    }
  },
  'an adaptive limit that falls, and turns calls down': (clock) => {
    const strategy = adaptiveLimiter({ name: 'x', clock, initialLimit: 2 })
    const limited = pipeline('p', strategy, timeout({ clock, timeoutMs: 10 }))
    return {
      strategy,
      play: async () => {
        const calls = [1, 2, 3].map(() => call(limited, hang))
        clock.advance(10)
        await Promise.all(calls)
      },
      told: [
        { type: 'adaptiveLimiter.rejected', name: 'x' },
        { type: 'adaptiveLimiter.changed', name: 'x', from: 2, to: 1 },
      ],
    }
  },
  'a timeout, and the end of what it gave up on': (clock) => {
    const strategy = timeout({ name: 'x', clock, timeoutMs: 10 })
    const late = deferred()
    return {
      strategy,
      play: async () => {
        void call(strategy, () => late.promise)
        clock.advance(10)
        clock.advance(7)
        late.resolve(1)
      },
      told: [
        { type: 'timeout.expired', name: 'x', timeoutMs: 10 },
        { type: 'timeout.abandonedSettled', name: 'x', afterMs: 7 },
      ],
    }
  },
  'a hedge that wins': (clock) => {
    const strategy = hedge({ name: 'x', clock, delayMs: 10 })
    let calls = 0
    return {
      strategy,
      play: () => {
        void call(strategy, () => (++calls === 1 ? hang() : 'fast'))
        clock.advance(10)
      },
      told: [
        { type: 'hedge.started', name: 'x', hedge: 1 },
        { type: 'hedge.won', name: 'x', hedge: 1 },
      ],
    }
  },
  'a stale answer': (clock) => {
    const strategy = fallback.cached({ name: 'x', clock, key: 'k' })
    return {
      strategy,
      play: async () => {
        await call(strategy, succeeds)
        clock.advance(20)
        await call(strategy, fails)
      },
      told: [{ type: 'fallback.served', name: 'x', source: 'cached', ageMs: 20, error: boom }],
    }
  },
  'a fault that was injected': (clock) => {
    const strategy = chaos({ name: 'x', clock, enabled: true, probability: 1 })
    return {
      strategy,
      play: () => call(strategy, succeeds),
      told: [{ type: 'chaos.injected', name: 'x', fault: 'error' }],
    }
  },
}

it.each(Object.entries(scenes))('%s is told, and nothing else', async (_what, scene) => {
  const clock = manualClock()
  const { strategy, play, told } = scene(clock)
  const events: PatternEvent[] = []
  const stop = strategy.on((event) => events.push(event))
  await play(clock)
  await turn()
  expect(events).toEqual(told.map((event) => ({ ...event, at: expect.any(Number) })))
  expect(events.every(({ at }) => at <= clock.wallNow() && at > 1_600_000_000_000)).toBe(true)
  stop()
  await play(clock)
  await turn()
  expect(events).toHaveLength(told.length)
})

it('a change of health is told once', async () => {
  const clock = manualClock()
  const health = healthRegistry({ name: 'x', clock })
  const events: PatternEvent[] = []
  health.on((event) => events.push(event))
  health.register('db', () => true)
  await health.runAll()
  await health.runAll()
  expect(events).toEqual([
    { type: 'health.changed', name: 'x', at: clock.wallNow(), check: 'db', from: 'fail', to: 'pass' },
  ])
  health.dispose()
})
