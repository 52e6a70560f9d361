import { expect, test } from 'vitest'
import { Strategies } from '../../src/agent/strategies.ts'
import { bulkhead, chaos, circuitBreaker, pipeline, retry } from '../../src/patterns.ts'
import type { WatchedStrategy } from '../../src/protocol/agent-handle.ts'
import { AgentMessage } from '../../src/protocol/worker-messages.ts'

function watched(...list: readonly WatchedStrategy[]): Strategies {
  const strategies = new Strategies()
  for (const strategy of list) strategies.watch(strategy)
  return strategies
}

const asWatched = (strategy: unknown): WatchedStrategy => strategy as WatchedStrategy

test('a breaker and a bulkhead are told once, and again when something about them changed', async () => {
  const breaker = circuitBreaker({ name: 'db', failureThreshold: 1 })
  const room = bulkhead({ name: 'room', maxConcurrentCalls: 1 })
  const strategies = watched(asWatched(breaker), asWatched(room))
  expect(strategies.changes()).toEqual([
    { id: 1, kind: 'circuitBreaker', name: 'db', state: 'closed', calls: 0, failures: 0, rejected: 0 },
    { id: 2, kind: 'bulkhead', name: 'room', limit: 1, inFlight: 0, queued: 0, rejected: 0 },
  ])
  expect(strategies.changes()).toEqual([])
  await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {})
  await breaker.execute(() => 1).catch(() => {})
  const changes = strategies.changes()
  expect(changes).toEqual([
    { id: 1, kind: 'circuitBreaker', name: 'db', state: 'open', calls: 1, failures: 1, rejected: 1 },
  ])
})

test('chaos is told from its first fault on, and only when it has injected more', async () => {
  const faults = chaos({ name: 'db', enabled: true, probability: 1, latencyProbability: 1, latency: 1 })
  const strategies = watched(asWatched(faults))
  expect(strategies.changes()).toEqual([])
  await faults.report(() => 1)
  const changes = strategies.changes()
  expect(changes).toEqual([{ id: 1, kind: 'chaos', name: 'db', injected: 2 }])
  expect(strategies.changes()).toEqual([])
  const gauges = { heapUsed: 1, delayP99Ms: 1, utilization: 0, connections: 0, requests: 0 }
  expect(AgentMessage.safeParse({ cmd: 'NODE_RESIL', act: 'beat', ...gauges, strategies: changes }).success).toBe(true)
})

test('one that is disposed of is told as gone, once', () => {
  const room = bulkhead({ name: 'room' })
  const strategies = watched(asWatched(room))
  strategies.changes()
  room.dispose()
  expect(strategies.changes()).toEqual([{ id: 1, kind: 'gone' }])
  expect(strategies.changes()).toEqual([])
})

test('more than fifty are not told; one that goes makes room', () => {
  const made = Array.from({ length: 60 }, (_, n) => circuitBreaker({ name: `origin ${n}` }))
  const strategies = watched(...made.map(asWatched))
  expect(strategies.changes()).toHaveLength(50)
  made[0]?.dispose()
  strategies.watch(asWatched(circuitBreaker({ name: 'late' })))
  expect(strategies.changes()).toEqual([{ id: 1, kind: 'gone' }, expect.objectContaining({ id: 51, name: 'late' })])
})

test('whatever is odd about one is not told, and the beat stays one that the supervisor takes', () => {
  const odd = (metrics: unknown, kind = 'circuitBreaker') =>
    asWatched({ kind, name: 'x'.repeat(1000), disposed: false, metrics: () => metrics })
  const throws = asWatched({
    kind: 'bulkhead',
    name: 'y',
    disposed: false,
    metrics: () => {
      throw new Error('no')
    },
  })
  const strategies = watched(
    throws,
    odd(undefined),
    odd({ state: 'ajar' }),
    odd({}, 'retry'),
    odd({ state: 'open', success: Number.NaN, failure: Number.POSITIVE_INFINITY, rejected: '5' }),
  )
  const changes = strategies.changes()
  expect(changes).toEqual([
    { id: 5, kind: 'circuitBreaker', name: 'x'.repeat(200), state: 'open', calls: 0, failures: 0, rejected: 0 },
  ])
  const gauges = { heapUsed: 1, delayP99Ms: 1, utilization: 0, connections: 0, requests: 0 }
  const beat = { cmd: 'NODE_RESIL', act: 'beat', ...gauges, strategies: JSON.parse(JSON.stringify(changes)) }
  expect(AgentMessage.safeParse(beat).success).toBe(true)
})

test('strategies with a name of their own tell the agent, others do not', () => {
  const told: string[] = []
  const handle = { watch: ({ name }: WatchedStrategy) => told.push(name) }
  Object.defineProperty(globalThis, Symbol.for('resil.agent'), { value: handle, configurable: true })
  try {
    pipeline.standard('payments')
    circuitBreaker()
    bulkhead()
    retry({ name: 'again' })
  } finally {
    delete (globalThis as { [key: symbol]: unknown })[Symbol.for('resil.agent')]
  }
  expect(told).toEqual(['payments.breaker', 'payments.bulkhead'])
})
