// Workers that live and get no traffic (their readiness probe fails) must not hold up for ever what else is to happen.

import { describe, expect, it } from 'vitest'
import type { ProbeSettings } from '../../src/config/settings.ts'
import { readyCount } from '../../src/supervisor/state/app.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const probe: ProbeSettings = {
  ask: { by: 'http', target: '/ready' },
  intervalMs: 1_000,
  timeoutMs: 500,
  failureThreshold: 2,
  successThreshold: 1,
}

function running(overrides: object = {}): Simulation {
  const probes = { startup: null, liveness: null, readiness: probe }
  const sim = simulate([appSettings({ instances: 4, probes, ...overrides } as never)])
  sim.bootAll()
  return sim
}

function goesOut(sim: Simulation, worker: number): void {
  for (let time = 0; time < 2; time += 1) {
    sim.send({ type: 'probe.answered', worker, probe: 'readiness', ok: false, detail: 'GET /ready: 503' })
  }
}

function reload(sim: Simulation): void {
  sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
}

/** A minute in which all that boots becomes ready, and all that is asked to leaves. */
function minute(sim: Simulation): number {
  let fewest = Number.POSITIVE_INFINITY
  for (let second = 0; second < 60; second += 1) {
    sim.bootAll()
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
    sim.advance(1_000)
    fewest = Math.min(fewest, readyCount(sim.app()))
  }
  return fewest
}

const current = (sim: Simulation, slot: number): number => sim.app().slots[slot]?.current?.id ?? 0

const generations = (sim: Simulation) => sim.app().slots.map((slot) => slot.current?.generation)

describe('a worker of the old release that is out of rotation', () => {
  it('is replaced first by a reload, whatever its slot', () => {
    const sim = running()
    goesOut(sim, current(sim, 2))
    reload(sim)
    expect(sim.app().slots.map(({ next }) => next !== null)).toEqual([false, false, true, false])
    minute(sim)
    expect(generations(sim)).toEqual([2, 2, 2, 2])
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
  })

  it('makes room when it goes out while another slot has the surge: it costs the floor nothing', () => {
    const sim = running()
    reload(sim)
    goesOut(sim, current(sim, 2))
    const fewest = minute(sim)
    expect(generations(sim)).toEqual([2, 2, 2, 2])
    // It was out itself; nobody else was taken beside it.
    expect(fewest).toBeGreaterThanOrEqual(3)
  })

  it('is drained without surge too, though the others are at the floor already', () => {
    const sim = running({ reload: { surge: 0, maxUnavailable: 1 } })
    goesOut(sim, current(sim, 2))
    reload(sim)
    const fewest = minute(sim)
    expect(generations(sim)).toEqual([2, 2, 2, 2])
    expect(fewest).toBeGreaterThanOrEqual(3)
  })
})

describe('a reload to other budgets', () => {
  it.each([
    ['old before new, where it was new before old', { surge: 1, maxUnavailable: 0 }, { surge: 0, maxUnavailable: 1 }],
    ['new before old, where it was old before new', { surge: 0, maxUnavailable: 1 }, { surge: 1, maxUnavailable: 0 }],
  ])('goes by those that it brings: %s', (_, before, after) => {
    const sim = running({ reload: before })
    const probes = { startup: null, liveness: null, readiness: probe }
    const settings = appSettings({ instances: 4, probes, reload: after })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings })
    expect(minute(sim)).toBeGreaterThanOrEqual(4 - after.maxUnavailable)
    expect(generations(sim)).toEqual([2, 2, 2, 2])
  })
})

describe('a worker of the new release that goes out of rotation', () => {
  it('turns the reload back, since the old ones could not follow it', () => {
    const sim = running()
    reload(sim)
    sim.bootAll()
    sim.advance(1_000)
    expect(generations(sim)).toEqual([2, 1, 1, 1])
    goesOut(sim, current(sim, 0))
    minute(sim)
    expect(generations(sim)).toEqual([1, 1, 1, 1])
    const [rolledBack] = sim.eventsOf('reload.rolledBack')
    expect(rolledBack?.failure).toMatchObject({
      slot: 0,
      reason: 'probe-failed',
      probe: 'readiness: GET /ready: 503',
    })
  })

  it('is no canary that passes: it got no traffic to fail at', () => {
    const canary = { instances: 1, observeMs: 20_000, maxErrorRate: 0.01, maxLagP99Ms: null }
    const sim = running({ reload: { canary } })
    reload(sim)
    sim.bootAll()
    sim.advance(1_000)
    expect(sim.eventsOf('reload.canaryStarted')).toHaveLength(1)
    goesOut(sim, current(sim, 0))
    minute(sim)
    expect(sim.eventsOf('reload.canaryPassed')).toEqual([])
    expect(generations(sim)).toEqual([1, 1, 1, 1])
  })

  it('is not to blame where most fail with it', () => {
    const sim = running({ instances: 2 })
    reload(sim)
    sim.bootAll()
    sim.advance(1_000)
    for (const id of sim.workers('ready').filter((worker) => worker !== current(sim, 0))) goesOut(sim, id)
    goesOut(sim, current(sim, 0))
    sim.send({ type: 'tick' })
    expect(sim.app().rollout).toMatchObject({ kind: 'reload', back: null })
  })
})

describe('a replacement that goes out of rotation before it could take over', () => {
  it('leaves again, and is tried once more later: it must not keep the surge to itself', () => {
    const recycle = { maxAgeMs: 10_000, maxRequests: null, jitter: 0, minLifeMs: 1_000 }
    const sim = running({ instances: 3, recycle })
    sim.advance(10_000)
    const next = sim.app().slots[0]?.next?.id ?? 0
    // The floor has to wait for another slot.
    sim.exit(current(sim, 2))
    sim.listen(next)
    sim.send({ type: 'probe.answered', worker: next, probe: 'readiness', ok: true, detail: '' })
    goesOut(sim, next)
    expect(sim.workers('draining')).toEqual([next])
    expect(sim.app().slots[0]?.replaceDebt).toBe(1)
    const before = sim.workers('ready')
    minute(sim)
    expect(sim.workers('ready').filter((id) => before.includes(id))).toEqual([])
  })

  it('counts as an attempt to restore the old release, where a rollback waits for it', () => {
    const sim = running()
    reload(sim)
    sim.bootAll()
    sim.advance(1_000)
    for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    sim.exit(sim.workers('booting')[0] ?? 0)
    expect(sim.app().rollout).toMatchObject({ back: { attempts: 0 } })
    const restored = sim.app().slots[0]?.next?.id ?? 0
    // The floor has to wait for another slot.
    sim.exit(current(sim, 3))
    sim.listen(restored)
    sim.send({ type: 'probe.answered', worker: restored, probe: 'readiness', ok: true, detail: '' })
    sim.advance(1_000)
    goesOut(sim, restored)
    expect(sim.workers('draining')).toEqual([restored])
    expect(sim.app().rollout).toMatchObject({ back: { attempts: 1 } })
    minute(sim)
    expect(sim.app().rollout).toBeNull()
    expect(generations(sim)).toEqual([1, 1, 1, 1])
  })
})
