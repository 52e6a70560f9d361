import { expect, it } from 'vitest'
import {
  type AnyStrategy,
  adaptiveLimiter,
  type BulkheadMetrics,
  bulkhead,
  chaos,
  circuitBreaker,
  constantBackoff,
  fallback,
  hedge,
  type ManualClock,
  manualClock,
  pipeline,
  rateLimiter,
  retry,
  timeout,
} from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'
import { boom, type Deferred, deferred, turn } from '../support/promises.ts'

let pipelines = 0

const makers: Record<string, (clock: ManualClock) => AnyStrategy> = {
  retry: (clock) => retry({ clock, backoff: constantBackoff(20), maxAttempts: 3 }),
  attempts: (clock) => retry({ clock, backoff: constantBackoff(0), attemptTimeoutMs: 30, maxAttempts: 2 }),
  breaker: (clock) => circuitBreaker({ clock, failureThreshold: 3, openMs: 50, permitTtlMs: 100 }),
  bulkhead: (clock) => bulkhead({ clock, maxConcurrentCalls: 2, maxQueuedCalls: 2, maxWaitMs: 40 }),
  limiter: (clock) => adaptiveLimiter({ clock, initialLimit: 2, maxQueuedCalls: 1, maxWaitMs: 40 }),
  throttle: (clock) => adaptiveLimiter({ clock, algorithm: 'throttle', random: () => 0.7 }),
  rate: (clock) => rateLimiter({ clock, limit: 50, burst: 2, maxQueuedCalls: 2 }),
  timeout: (clock) => timeout({ clock, timeoutMs: 60 }),
  cooperative: (clock) => timeout({ clock, timeoutMs: 45, mode: 'cooperative' }),
  value: () => fallback.value('spare'),
  degraded: (clock) => fallback.degraded(() => new Promise((resolve) => clock.setTimeout(() => resolve('less'), 10))),
  cached: (clock) => fallback.cached({ clock, key: 'k', ttlMs: 5 }),
  apart: (clock) => fallback.cached({ clock, key: 'k', singleFlight: false }),
  inner: (clock) =>
    pipeline(`inner-${++pipelines}`, hedge({ clock, delayMs: 7 }), bulkhead({ clock, maxQueuedCalls: 1 })),
  hedge: (clock) => hedge({ clock, delayMs: 15, maxHedges: 2 }),
  chaos: (clock) =>
    chaos({
      clock,
      enabled: true,
      seed: 1,
      probability: 0.2,
      latencyProbability: 0.3,
      latency: 12,
      hangProbability: 0.1,
    }),
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      timeoutMs: fc.option(fc.integer({ min: 5, max: 80 }), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(), ok: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(40) }) },
)

/** Whom a listener aborts when it hears of the n-th event: in the middle of whatever is told. */
const hearing = fc.array(fc.option(fc.nat(20), { nil: undefined, freq: 2 }), { maxLength: 5 })

function permitsInUse(strategy: AnyStrategy): number {
  const { inFlight } = strategy.metrics() as BulkheadMetrics
  return inFlight ?? 0
}

it('any strategies in any order: each call settles once, and when all is over nothing is held, armed or counted twice', async () => {
  const layers = fc.array(fc.constantFrom(...Object.keys(makers)), { minLength: 1, maxLength: 6, size: 'max' })
  await fc.assert(
    fc.asyncProperty(layers, fc.array(step, { maxLength: 50, size: 'max' }), hearing, async (names, steps, deeds) => {
      const clock = manualClock()
      const strategies = names.map((name) => makers[name]?.(clock)).filter((made) => made !== undefined)
      const all = pipeline('any', ...strategies)
      const work: Deferred<unknown>[] = []
      const controllers: AbortController[] = []
      let settled = 0
      let heard = 0
      all.on(() => {
        const deed = deeds[heard++ % deeds.length]
        if (deed !== undefined) controllers[deed % Math.max(1, controllers.length)]?.abort(boom)
      })
      for (const next of steps) {
        if (next.do === 'call') {
          const controller = new AbortController()
          controllers.push(controller)
          const action = () => {
            const one = deferred()
            work.push(one)
            return one.promise
          }
          const given = next.timeoutMs === undefined ? {} : { timeoutMs: next.timeoutMs }
          const done = () => {
            settled += 1
          }
          all.execute(action as () => never, { signal: controller.signal, ...given }).then(done, done)
        } else if (next.do === 'settle') {
          const one = work[next.which % Math.max(1, work.length)]
          if (next.ok) one?.resolve('ok')
          else one?.reject(boom)
        } else if (next.do === 'abort') controllers[next.which % Math.max(1, controllers.length)]?.abort(boom)
        else clock.advance(next.ms)
        await turn()
        expect(settled).toBeLessThanOrEqual(controllers.length)
      }
      // The end: everybody leaves, all work that was begun settles, all waits run out.
      for (const controller of controllers) controller.abort(boom)
      for (let round = 0; round < 20; round++) {
        for (const { resolve } of work) resolve('ok')
        clock.advance(100)
        await turn()
      }
      expect(settled).toBe(controllers.length)
      const { success, failure, degraded, inFlight } = all.metrics()
      expect({ inFlight, total: success + failure + degraded }).toEqual({ inFlight: 0, total: controllers.length })
      expect(strategies.map(permitsInUse)).toEqual(strategies.map(() => 0))
      expect(clock.pending).toBe(0)
    }),
    { numRuns: Number(process.env.RESIL_PROPERTY_RUNS ?? 300) },
  )
})
