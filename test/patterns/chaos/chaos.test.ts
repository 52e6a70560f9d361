import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { draw, seeded } from '../../../src/patterns/chaos/draw.ts'
import { type ChaosOptions, chaos, circuitBreaker, manualClock, pipeline, timeout } from '../../../src/patterns.ts'
import { AGENT_HANDLE, type AgentHandle, type WatchedStrategy } from '../../../src/protocol/agent-handle.ts'
import { boom, errorOf, stateOf, succeeds } from '../support/promises.ts'

beforeEach(() => {
  vi.stubEnv('CHAOS_ENABLED', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  delete (globalThis as { [AGENT_HANDLE]?: unknown })[AGENT_HANDLE]
})

/** As the agent does in a worker, but to be taken back. */
function underSupervisor(handle: Partial<AgentHandle>): void {
  Object.defineProperty(globalThis, AGENT_HANDLE, { value: handle, configurable: true })
}

describe('is off', () => {
  it('unless CHAOS_ENABLED is true or the option says so', async () => {
    expect(await chaos({ probability: 1 }).execute(succeeds)).toBe('ok')
    const strategy = chaos({ probability: 1 })
    process.env.CHAOS_ENABLED = 'true'
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_CHAOS' })
    delete process.env.CHAOS_ENABLED
    expect(await errorOf(strategy.execute(succeeds))).toMatchObject({ code: 'RESIL_CHAOS' })
    process.env.CHAOS_ENABLED = 'true'
    expect(await chaos({ probability: 1, enabled: false }).execute(succeeds)).toBe('ok')
  })

  it.each<[string, Partial<AgentHandle>]>([
    ['forbids it', { chaosAllowed: false }],
    ['has not said yet that it may', {}],
  ])('whatever code and CHAOS_ENABLED say, where the supervisor %s', async (_what, handle) => {
    process.env.CHAOS_ENABLED = 'true'
    underSupervisor(handle)
    expect(await chaos({ probability: 1 }).execute(succeeds)).toBe('ok')
    expect(await chaos({ probability: 1, enabled: () => true }).execute(succeeds)).toBe('ok')
  })

  it('where the supervisor allows it, unless the code or CHAOS_ENABLED wants it', async () => {
    underSupervisor({ chaosAllowed: true })
    expect(await chaos({ probability: 1 }).execute(succeeds)).toBe('ok')
    process.env.CHAOS_ENABLED = 'true'
    expect(await errorOf(chaos({ probability: 1 }).execute(succeeds))).toMatchObject({ code: 'RESIL_CHAOS' })
  })

  it('where enabled() throws', async () => {
    const enabled = () => {
      throw boom
    }
    expect(await chaos({ probability: 1, enabled }).execute(succeeds)).toBe('ok')
  })

  it('where nothing was asked for: a name alone injects nothing', async () => {
    process.env.CHAOS_ENABLED = 'true'
    expect(await chaos('db').execute(succeeds)).toBe('ok')
  })
})

describe('tells the supervisor', () => {
  const watching = () => {
    const told: WatchedStrategy[] = []
    underSupervisor({ chaosAllowed: true, watch: (strategy) => void told.push(strategy) })
    return told
  }

  it('when it injects its first fault, and not before', async () => {
    const told = watching()
    const faults = chaos({ name: 'db', enabled: true, probability: 1 })
    await chaos({ name: 'calm', enabled: true }).report(succeeds)
    expect(told).toEqual([])
    await faults.report(succeeds)
    await faults.report(succeeds)
    expect(told).toEqual([faults])
  })

  it('of all without a name as one', async () => {
    vi.resetModules()
    const fresh = await import('../../../src/patterns.ts')
    const told = watching()
    for (let n = 0; n < 3; n += 1) await fresh.chaos({ enabled: true, probability: 1 }).report(succeeds)
    expect(told.map(({ name, kind, disposed }) => ({ name, kind, disposed }))).toEqual([
      { name: 'unnamed', kind: 'chaos', disposed: false },
    ])
    expect(told[0]?.metrics()).toEqual({ errors: 3, latencies: 0, hangs: 0, outcomes: 0 })
  })
})

describe('injects', () => {
  const inject = <V>(options: ChaosOptions<V>) => chaos({ enabled: true, ...options })

  it('errors that are marked as injected, yours as the cause, and that breakers count', async () => {
    const breaker = circuitBreaker({ failureThreshold: 1 })
    const error = await errorOf(pipeline('p', breaker, inject({ probability: 1, error: () => boom })).execute(succeeds))
    expect(error).toMatchObject({ code: 'RESIL_CHAOS', cause: boom })
    expect(breaker.state).toBe('open')
  })

  it('latency, then the call goes through', async () => {
    const clock = manualClock()
    const strategy = inject({ clock, latencyProbability: 1, latency: 250 })
    const call = strategy.execute(succeeds)
    clock.advance(249)
    expect(await stateOf(call)).toBe('pending')
    clock.advance(1)
    expect(await call).toBe('ok')
    expect(strategy.metrics()).toEqual({ errors: 0, latencies: 1, hangs: 0, outcomes: 0 })
  })

  it('hangs that a timeout ends, in both of its modes', async () => {
    const clock = manualClock()
    for (const mode of ['abandon', 'cooperative'] as const) {
      const call = pipeline('p', timeout({ clock, timeoutMs: 100, mode }), inject({ hangProbability: 1 })).execute(
        succeeds,
      )
      clock.advance(100)
      expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT' })
    }
  })

  it('another outcome', async () => {
    expect(await inject({ outcomeProbability: 1, outcome: () => 'odd' }).execute(succeeds)).toBe('odd')
    expect(() => inject({ outcomeProbability: 1 })).toThrow(/needs outcome/)
  })
})

it('the same seed gives the same faults in the same order of calls', async () => {
  const run = async (seed: number) => {
    const strategy = chaos({ enabled: true, seed, probability: 0.5 })
    const failed: boolean[] = []
    for (let n = 0; n < 50; n++) failed.push(!(await strategy.report(succeeds)).ok)
    return failed
  }
  expect(await run(1)).toEqual(await run(1))
  expect(await run(1)).not.toEqual(await run(2))
})

it('faults come as often as asked for, each drawn by itself', () => {
  const random = seeded(11)
  const odds = { latency: 1, latencyProbability: 0.3, hangProbability: 0.01, probability: 0.1, outcomeProbability: 0.5 }
  const faults = Array.from({ length: 50_000 }, () => draw(odds, random))
  const share = (has: (one: (typeof faults)[number]) => boolean) => faults.filter(has).length / faults.length
  expect(share(({ latencyMs }) => latencyMs !== undefined)).toBeCloseTo(0.3, 1)
  expect(share(({ error }) => error)).toBeCloseTo(0.1, 1)
  expect(share(({ outcome }) => outcome)).toBeCloseTo(0.5, 1)
  expect(share(({ error, outcome }) => error && outcome)).toBeCloseTo(0.05, 1)
})

it('a latency given by median and p99 has them', () => {
  const random = seeded(5)
  const odds = {
    latency: { medianMs: 50, p99Ms: 500 },
    latencyProbability: 1,
    hangProbability: 0,
    probability: 0,
    outcomeProbability: 0,
  }
  const delays = Array.from({ length: 50_000 }, () => draw(odds, random).latencyMs ?? 0).sort((a, b) => a - b)
  expect(Math.abs((delays[25_000] ?? 0) - 50)).toBeLessThan(2)
  expect(Math.abs((delays[49_500] ?? 0) - 500)).toBeLessThan(50)
})
