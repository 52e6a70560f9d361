// Checked by the compiler: vitest runs the file, `npm run typecheck` proves it.

import { expectTypeOf, it } from 'vitest'
import {
  bulkhead,
  type CircuitBreaker,
  chaos,
  checks,
  circuitBreaker,
  fallback,
  healthRegistry,
  type Pipeline,
  pipeline,
  retry,
  timeout,
} from '../../src/patterns.ts'

interface User {
  readonly id: number
}
const load = async (id: number): Promise<User> => ({ id })

it('a result keeps its type through any strategies', () => {
  const both = pipeline('p', retry(), circuitBreaker(), bulkhead(), timeout(1000))
  expectTypeOf(both.execute(() => load(1))).resolves.toEqualTypeOf<User>()
  expectTypeOf(both.wrap(load)).toEqualTypeOf<(this: unknown, id: number) => Promise<User>>()
  expectTypeOf(both.wrapWithCall((call, id: number) => load(id + call.attempt))).toEqualTypeOf<
    (id: number) => Promise<User>
  >()
})

it('a pipeline without strategies takes whatever there is', () => {
  expectTypeOf(pipeline('none').execute(() => load(1))).resolves.toEqualTypeOf<User>()
})

it('a fallback adds what it answers', () => {
  const spare = pipeline('p', fallback.value(null), retry())
  expectTypeOf(spare.execute(() => load(1))).resolves.toEqualTypeOf<User | null>()
  const chain = pipeline(
    'p',
    fallback.value('none'),
    fallback.degraded(async () => 0),
  )
  expectTypeOf(chain.execute(() => load(1))).resolves.toEqualTypeOf<User | 'none' | number>()
  expectTypeOf(chaos({ outcome: () => 5 }).execute(() => load(1))).resolves.toEqualTypeOf<User | number>()
})

it('a classifier binds its strategy to the results that it can judge', () => {
  const judged = retry<Response>({ classify: (outcome) => (outcome.ok && outcome.value.ok ? 'success' : 'failure') })
  const both = pipeline('p', judged, bulkhead())
  expectTypeOf(both).toExtend<Pipeline<Response>>()
  expectTypeOf(both.execute(() => fetch('http://127.0.0.1'))).resolves.toEqualTypeOf<Response>()
  // @ts-expect-error a number is no Response
  type _Refused = Parameters<typeof both.execute<number>>
  // What an inner fallback adds must be judgeable outside of it.
  expectTypeOf(pipeline('p', judged, fallback.value(0))).toEqualTypeOf<Pipeline<never, 0>>()
})

it('options are closed shapes', () => {
  // @ts-expect-error a rate without a window
  const rate = () => circuitBreaker({ failureRate: 0.5, window: undefined })
  // @ts-expect-error the time open needs failureThreshold
  const open = () => circuitBreaker({ timeout: 60_000 })
  // @ts-expect-error one spelling or the other
  const mixed = () => bulkhead({ maxConcurrent: 5, maxQueuedCalls: 3 })
  // @ts-expect-error workers agree on a name
  const scoped = () => bulkhead({ scope: 'cluster' })
  expectTypeOf([rate, open, mixed, scoped]).not.toBeAny()
})

it('a check of a dependency cannot be liveness', () => {
  const register = () => {
    const health = healthRegistry()
    health.register('loop', checks.eventLoop(), { kind: 'liveness' })
    // @ts-expect-error another's fault is no reason to restart this process
    health.register('db', checks.tcp({ host: 'db', port: 5432 }), { kind: 'liveness' })
  }
  expectTypeOf(register).returns.toBeVoid()
})

it('report tells values apart from errors', async () => {
  const report = await retry().report(() => load(1))
  if (report.ok) expectTypeOf(report.value).toEqualTypeOf<User>()
  else expectTypeOf(report.error).toEqualTypeOf<unknown>()
  expectTypeOf(circuitBreaker<Response>()).toExtend<CircuitBreaker<Response>>()
})

it('an option may be undefined, in any spelling: that is the default', async () => {
  const none: undefined = undefined
  circuitBreaker({ name: none, failureThreshold: 5, successThreshold: none, timeout: 60_000 })
  circuitBreaker({ failureThreshold: none, openMs: none })
  retry({ name: none, maxRetries: 3, baseDelay: none, maxDelay: none, jitter: none })
  bulkhead({ name: none, maxConcurrent: 3, maxQueue: none })
  pipeline.standard('p', { retry: { maxRetries: 1, jitter: none }, bulkhead: none, totalTimeoutMs: none })
  checks.disk({ path: none, minFreeRatio: none })
  checks.memory({ maxRatio: none })
  checks.eventLoop({ maxDelayP99Ms: none })
  checks.http({ url: 'http://127.0.0.1', expectStatus: none })
  const health = healthRegistry({ name: none })
  health.register('x', () => ({ status: 'pass', output: none, observedValue: none, observedUnit: none }))
  expectTypeOf(
    await retry().execute(() => 1, { signal: none, timeoutMs: none, key: none, priority: none }),
  ).toBeNumber()
  health.dispose()
})
