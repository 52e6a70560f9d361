// A canary in a reload: placed, watched, and what follows.

import { describe, expect, it } from 'vitest'
import type { AppSettings } from '../../src/config/settings.ts'
import { generationOf } from '../../src/supervisor/state/slot.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const canary = { instances: 1, observeMs: 10_000, maxErrorRate: 0.01, maxLagP99Ms: 100 }
const release = (
  name: string,
  given: { instances?: number; surge?: number; maxUnavailable?: number; canaries?: number; rollback?: boolean } = {},
): AppSettings => {
  const { instances = 3, surge = 1, maxUnavailable = 0, canaries = 1, rollback = true } = given
  return appSettings({
    instances,
    args: [name],
    ready: { minReadyMs: 100 },
    reload: { surge, maxUnavailable, rollback, canary: { ...canary, instances: canaries } },
  })
}

/** Boots and ends whatever is under way, without moving far in time. */
function settle(sim: Simulation): void {
  for (let round = 0; round < 12; round += 1) {
    sim.bootAll()
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
    sim.advance(200)
  }
}

function begin(given: Parameters<typeof release>[1] = {}): Simulation {
  const sim = simulate([release('one', given)])
  sim.bootAll()
  sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: release('two', given) })
  settle(sim)
  return sim
}

/** A second of traffic: each ready worker answers ten requests more, and those of a generation fail so many of them. */
function serve(
  sim: Simulation,
  seconds: number,
  failing: Readonly<Record<number, number>>,
  lagMs: Readonly<Record<number, number>> = {},
): void {
  const totals = new Map<number, { answered: number; failed: number }>()
  for (let second = 0; second < seconds; second += 1) {
    for (const slot of sim.app().slots) {
      const worker = slot.current
      if (worker?.stage.status !== 'ready') continue
      const { answered, failed } = totals.get(worker.id) ?? { answered: 0, failed: 0 }
      const responses = { answered: answered + 10, failed: failed + (failing[worker.generation] ?? 0) }
      totals.set(worker.id, responses)
      const delayP99Ms = lagMs[worker.generation] ?? 1
      sim.send({
        type: 'worker.beat',
        worker: worker.id,
        heapUsed: 1,
        delayP99Ms,
        utilization: 0.1,
        connections: 1,
        requests: answered,
        responses,
      })
    }
    sim.advance(1_000)
  }
}

const generations = (sim: Simulation) => sim.app().slots.map(generationOf)

describe('a canary', () => {
  it('holds the reload after so many workers have gone over, until the time is up; then the others follow', () => {
    const sim = begin()
    expect(generations(sim)).toEqual([2, 1, 1])
    expect(sim.eventsOf('reload.canaryStarted')).toMatchObject([{ request: 'r1', slots: [0], observeMs: 10_000 }])
    serve(sim, 7, {})
    expect(generations(sim)).toEqual([2, 1, 1])
    expect(sim.workers('booting')).toEqual([])
    serve(sim, 4, {})
    settle(sim)
    expect(sim.eventsOf('reload.canaryPassed')).toMatchObject([{ report: { because: null, fresh: { failed: 0 } } }])
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(generations(sim)).toEqual([2, 2, 2])
  })

  it('that fails more requests than the old release turns the reload back before its time is up', () => {
    const sim = begin()
    serve(sim, 8, { 2: 5 })
    settle(sim)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([
      { failure: { slot: 0, reason: 'canary', canary: { because: 'errors', old: { failed: 0 } } } },
    ])
    expect(generations(sim)).toEqual([1, 1, 1])
    expect(sim.app().settings.args).toEqual(['one'])
  })

  it('is not blamed for a dependency that fails both releases', () => {
    const sim = begin()
    serve(sim, 11, { 1: 9, 2: 9 })
    settle(sim)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
  })

  it('that lags turns the reload back when its time is up', () => {
    const sim = begin()
    serve(sim, 11, {}, { 2: 400 })
    settle(sim)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([{ failure: { canary: { because: 'lag' } } }])
    expect(generations(sim)).toEqual([1, 1, 1])
  })

  it('that crashes turns the reload back, with its exit', () => {
    const sim = begin()
    const tried = sim.app().slots[0]?.current?.id ?? 0
    sim.exit(tried, { signal: 'SIGSEGV' })
    settle(sim)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([
      { failure: { worker: tried, reason: 'signal', exit: { signal: 'SIGSEGV' } } },
    ])
    expect(generations(sim)).toEqual([1, 1, 1])
    expect(sim.app().slots[0]?.restarts).toBe(1)
  })

  it('goes back also where later failures would not be rolled back', () => {
    const sim = begin({ rollback: false })
    serve(sim, 8, { 2: 5 })
    settle(sim)
    expect(generations(sim)).toEqual([1, 1, 1])
    expect(sim.eventsOf('reload.halted')).toEqual([])
  })

  it('a crash of the old release comes back in the old release, and so does a slot that is added', () => {
    const sim = begin()
    sim.exit(sim.app().slots[2]?.current?.id ?? 0, { signal: 'SIGKILL' })
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'absolute', count: 4 }, request: 's1' })
    settle(sim)
    expect(generations(sim)).toEqual([2, 1, 1, 1])
  })

  it.each([
    ['at least one worker of the old release stays', { canaries: 5 }, [2, 2, 1]],
    ['several are placed one after the other', { canaries: 2 }, [2, 2, 1]],
    ['several are placed at once where there is surge', { canaries: 2, surge: 2 }, [2, 2, 1]],
    ['no more go over than asked for where there is more surge', { canaries: 1, surge: 2 }, [2, 1, 1]],
    ['without surge its slot is emptied first', { surge: 0, maxUnavailable: 1 }, [2, 1, 1]],
    ['an only worker is its own canary', { instances: 1 }, [2]],
  ])('%s', (_, given, expected) => {
    const sim = begin(given)
    expect(generations(sim)).toEqual(expected)
    expect(sim.eventsOf('reload.canaryStarted')).toHaveLength(1)
    sim.advance(11_000)
    settle(sim)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(new Set(generations(sim))).toEqual(new Set([2]))
  })

  it('is left out where the request says so, and where nothing is up to compare with', () => {
    const sim = simulate([release('one')])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: release('two'), canary: null })
    settle(sim)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    const down = simulate([release('one')])
    down.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: release('two') })
    settle(down)
    expect(down.eventsOf('reload.canaryStarted')).toEqual([])
    expect(generations(down)).toEqual([2, 2, 2])
  })

  it('is not waited for in a slot that has ended by policy meanwhile', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    const settings = release('two', { instances: 2, surge: 0, maxUnavailable: 1, canaries: 2 })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings })
    sim.exit(sim.app().slots[0]?.current?.id ?? 0, { code: 78 })
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'absolute', count: 4 }, request: 's1' })
    settle(sim)
    serve(sim, 11, {})
    for (let round = 0; round < 4; round += 1) settle(sim)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(sim.app().slots.map((slot) => slot.current?.generation)).toEqual([undefined, 2, 2, 2])
  })

  it('is not waited for when all slots were stopped by hand meanwhile', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: release('two', { instances: 2 }) })
    for (const slot of [0, 1]) sim.send({ type: 'stop.requested', app: 'web', slot, cause: 'request', force: false })
    settle(sim)
    expect(sim.app().rollout).toBeNull()
  })

  it('is watched for longer when the supervisor was asleep: nobody counted in that time', () => {
    const sim = begin()
    sim.stall(60_000)
    sim.send({ type: 'supervisor.overslept', lateMs: 60_000 })
    expect(sim.eventsOf('reload.canaryPassed')).toEqual([])
    serve(sim, 11, {})
    settle(sim)
    expect(sim.eventsOf('reload.canaryPassed')).toHaveLength(1)
  })

  it('is superseded like any reload', () => {
    const sim = begin()
    sim.send({
      type: 'reload.requested',
      app: 'web',
      request: 'r2',
      settings: release('three'),
      canary: null,
      supersede: true,
    })
    settle(sim)
    expect(generations(sim)).toEqual([3, 3, 3])
  })

  it('does not count what a worker had answered before it was watched', () => {
    const sim = begin()
    const [tried] = sim.app().slots
    const beat = (answered: number, failed: number) =>
      sim.send({
        type: 'worker.beat',
        worker: tried?.current?.id ?? 0,
        heapUsed: 1,
        delayP99Ms: 1,
        utilization: 0,
        connections: 0,
        requests: 0,
        responses: { answered, failed },
      })
    beat(100, 100)
    beat(130, 100)
    sim.advance(11_000)
    expect(sim.eventsOf('reload.canaryPassed')).toMatchObject([{ report: { fresh: { answered: 30, failed: 0 } } }])
  })
})
