// A newer wish takes the place of a reload or restart that is under way.

import { describe, expect, it } from 'vitest'
import type { AppSettings } from '../../src/config/settings.ts'
import { violations } from '../../src/supervisor/invariants.ts'
import { generationOf } from '../../src/supervisor/state/slot.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const release = (name: string, instances = 2): AppSettings => appSettings({ instances, args: [name] })

function reload(sim: Simulation, request: string, settings: AppSettings | null, supersede = false): void {
  sim.send({ type: 'reload.requested', app: 'web', request, settings, supersede })
}

function restart(sim: Simulation, request: string, slot: number | null, supersede = false): void {
  sim.send({ type: 'restart.requested', app: 'web', slot, request, supersede })
}

/** Two slots; the reload to release two has replaced slot 0 and boots the new worker of slot 1. */
function halfWay(): Simulation {
  const sim = simulate([release('one')])
  sim.bootAll()
  reload(sim, 'r1', release('two'))
  sim.listen(3)
  sim.advance(1_000)
  sim.exit(1, { code: 0 })
  expect(sim.app().slots.map(generationOf)).toEqual([2, 1])
  expect(sim.workers('booting')).toEqual([4])
  return sim
}

/** Lets everything boot and end until nothing is under way; the floor holds all the time. */
function settle(sim: Simulation, fails: (worker: number) => boolean = () => false): void {
  for (let round = 0; round < 60 && sim.app().rollout !== null; round += 1) {
    for (const id of sim.workers('booting')) {
      if (fails(id)) sim.exit(id, { code: 1 })
      else sim.listen(id)
    }
    expect(sim.workers('ready').length).toBeGreaterThanOrEqual(2)
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
    sim.advance(1_000)
  }
  expect(sim.app().rollout).toBeNull()
}

const argsOfForks = (sim: Simulation) =>
  sim.commands.flatMap((command) => (command.type === 'fork' ? [[command.generation, command.settings.args[0]]] : []))

describe('a reload that supersedes a reload', () => {
  it('replaces the workers of both older generations, and the first one is told who took its place', () => {
    const sim = halfWay()
    reload(sim, 'r2', release('three'), true)
    expect(sim.eventsOf('reload.superseded')).toMatchObject([
      { request: 'r1', generation: 2, restart: false, by: 'reload' },
    ])
    settle(sim)
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ request: 'r2', generation: 3 }])
    expect(sim.app().slots.map(generationOf)).toEqual([3, 3])
    expect(sim.app().settings.args).toEqual(['three'])
    expect(sim.app().kept).toEqual([])
  })

  it('and fails goes back to the last good generation, not to the one that was given up', () => {
    const sim = halfWay()
    const known = Math.max(...sim.alive.keys())
    reload(sim, 'r2', release('three'), true)
    settle(sim, (id) => id === known + 1)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([{ request: 'r2', generation: 3 }])
    expect(sim.app().slots.map(generationOf)).toEqual([1, 1])
    expect(argsOfForks(sim).at(-1)).toEqual([1, 'one'])
  })

  it('replaces a crash of the given up generation in the last good one, and never by the wrong settings', () => {
    const sim = halfWay()
    reload(sim, 'r2', release('three'), true)
    sim.exit(3, { signal: 'SIGKILL' })
    const names: Record<number, string> = { 1: 'one', 2: 'two', 3: 'three' }
    for (const [generation, args] of argsOfForks(sim)) expect(args).toBe(names[Number(generation)])
    expect(argsOfForks(sim).at(-1)).toEqual([1, 'one'])
  })

  it('gives back a number of instances that only the superseded one had brought', () => {
    const sim = simulate([release('one')])
    sim.bootAll()
    reload(sim, 'r1', release('two', 4))
    expect(sim.app().instances).toBe(4)
    reload(sim, 'r2', release('three', 2), true)
    expect(sim.app().instances).toBe(2)
    settle(sim)
    sim.advance(60_000)
    expect(sim.app().slots.map(generationOf)).toEqual([3, 3])
  })

  it('is refused without its word, with the id of the one that runs', () => {
    const sim = halfWay()
    restart(sim, 'r2', null)
    expect(sim.eventsOf('request.refused')).toMatchObject([
      { request: 'r2', reason: 'a reload (r1) is running; wait for it, or add --supersede' },
    ])
  })

  it('takes a rollback over as well', () => {
    const sim = halfWay()
    sim.exit(4, { code: 1 })
    expect(sim.app().rollout).toMatchObject({ back: { attempts: 0 } })
    reload(sim, 'r2', release('three'), true)
    settle(sim)
    expect(sim.app().slots.map(generationOf)).toEqual([3, 3])
  })
})

describe('a restart that supersedes', () => {
  it('a reload brings the last good generation back, in slots that were not named too', () => {
    const sim = halfWay()
    restart(sim, 'r2', 1, true)
    expect(sim.eventsOf('reload.superseded')).toMatchObject([{ request: 'r1', by: 'restart' }])
    for (let round = 0; round < 20 && sim.app().rollout !== null; round += 1) {
      sim.bootAll()
      for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
      sim.advance(1_000)
    }
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ request: 'r2' }])
    expect(sim.app().slots.map(generationOf)).toEqual([1, 1])
    expect(sim.alive.size).toBe(2)
  })

  it('a restart does not start a new worker beside an old one that still drains', () => {
    const sim = simulate([release('one', 1)])
    sim.bootAll()
    restart(sim, 'r1', null)
    expect(sim.workers('draining')).toEqual([1])
    restart(sim, 'r2', null, true)
    sim.advance(1_000)
    expect([...sim.alive.keys()]).toEqual([1])
    sim.exit(1, { code: 0 })
    expect([...sim.alive.keys()]).toEqual([2])
    sim.listen(2)
    sim.advance(1_000)
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ request: 'r2' }])
  })

  it('a restart replaces a worker that was forked before it was asked for', () => {
    const sim = simulate([release('one', 1)])
    sim.bootAll()
    restart(sim, 'r1', null)
    sim.exit(1, { code: 0 })
    expect([...sim.alive.keys()]).toEqual([2])
    restart(sim, 'r2', null, true)
    expect(sim.workers('killing')).toEqual([2])
  })
})

it('a stop in the middle of a reload leaves nothing of the new release behind for a later restart', () => {
  // Another app keeps the supervisor alive.
  const sim = simulate([release('one'), appSettings({ name: 'jobs', instances: 1 })])
  sim.bootAll()
  reload(sim, 'r1', release('two'))
  const [surge] = sim.workers('booting')
  sim.listen(surge ?? 0)
  sim.advance(1_000)
  expect(sim.app().slots.map(generationOf)).toEqual([2, 1])
  sim.send({ type: 'stop.requested', app: 'web', slot: null, cause: 'request', force: false })
  for (const id of [...sim.workers('draining', 'web'), ...sim.workers('killing', 'web')]) sim.exit(id, { code: 0 })
  expect(sim.app().phase.status).toBe('stopped')
  restart(sim, 'r2', null)
  expect(argsOfForks(sim).slice(-2)).toEqual([
    [1, 'one'],
    [1, 'one'],
  ])
})

it('what a superseded restart has sent away may be one too many where fewer are wanted again, and nobody is forked beside it', () => {
  const sim = simulate([appSettings({ instances: 1, reload: { surge: 0, maxUnavailable: 1 } })])
  sim.bootAll()
  restart(sim, 'r1', null)
  reload(sim, 'r2', appSettings({ instances: 2, reload: { surge: 0, maxUnavailable: 1 } }), true)
  // The old one leaves slot 0, which has a new one by now: two, as two are wanted.
  expect([sim.workers('draining'), sim.workers('booting')]).toEqual([[1], [2]])
  reload(sim, 'r3', null, true)
  expect(sim.app()).toMatchObject({ instances: 1 })
  sim.exit(2, { code: 1 })
  sim.advance(20_000)
  expect([...sim.alive.keys()]).toEqual([1])
  sim.exit(1, { code: 0 })
  expect(sim.alive.size).toBe(1)
})

it('a worker too many is a violation where it has just been forked', () => {
  const sim = simulate([appSettings({ instances: 2, reload: { surge: 0 } })])
  const state = structuredClone(sim.state)
  for (const app of state.apps) app.instances = 1
  expect(violations(state, 2)).toEqual([{ invariant: 1, message: 'web has 2 processes, more than 1 + 0' }])
  expect(violations(state, 3)).toEqual([])
})
