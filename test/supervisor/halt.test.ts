// reload.rollback: false. The first failure stops the reload, and what is there stays.

import { describe, expect, it } from 'vitest'
import { generationOf } from '../../src/supervisor/state/slot.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const release = (name: string, surge = 1) =>
  appSettings({ instances: 3, args: [name], reload: { rollback: false, surge } })

function reload(sim: Simulation, request: string, name: string, surge = 1): void {
  sim.send({ type: 'reload.requested', app: 'web', request, settings: release(name, surge) })
}

/** Slot 0 is new; the new worker of slot 1 has failed. */
function halted(): Simulation {
  const sim = simulate([release('one')])
  sim.bootAll()
  reload(sim, 'r1', 'two')
  sim.listen(4)
  sim.advance(1_000)
  sim.exit(1, { code: 0 })
  sim.exit(5, { code: 1 })
  return sim
}

describe('a reload without rollback', () => {
  it('stops at its first failure: the new worker that serves stays, and so do the old ones', () => {
    const sim = halted()
    expect(sim.eventsOf('reload.halted')).toMatchObject([
      { request: 'r1', generation: 2, replaced: 1, failure: { slot: 1, reason: 'boot-failure' } },
    ])
    expect(sim.app()).toMatchObject({ rollout: null, generation: 1 })
    expect(sim.app().slots.map(generationOf)).toEqual([2, 1, 1])
    sim.advance(600_000)
    expect(sim.app().slots.map(generationOf)).toEqual([2, 1, 1])
    expect(sim.workers('ready')).toHaveLength(3)
  })

  it('replaces later crashes in the generation of the slot, by its settings', () => {
    const sim = halted()
    sim.exit(4, { signal: 'SIGKILL' })
    sim.exit(2, { signal: 'SIGKILL' })
    const forks = sim.commands.flatMap((command) => (command.type === 'fork' ? [command] : []))
    expect(forks.slice(-2).map(({ generation, settings }) => [generation, settings.args[0]])).toEqual([
      [2, 'two'],
      [1, 'one'],
    ])
  })

  it('lets surge workers go that have not taken a slot', () => {
    const sim = simulate([release('one', 2)])
    sim.bootAll()
    reload(sim, 'r1', 'two', 2)
    expect(sim.workers('booting')).toEqual([4, 5])
    sim.exit(4, { code: 1 })
    expect(sim.workers('killing')).toEqual([5])
    sim.exit(5, { signal: 'SIGTERM' })
    expect(sim.app().slots.map(generationOf)).toEqual([1, 1, 1])
    expect(sim.alive.size).toBe(3)
  })

  it('is followed by one that replaces all of them', () => {
    const sim = halted()
    reload(sim, 'r2', 'three')
    for (let round = 0; round < 20 && sim.app().rollout !== null; round += 1) {
      sim.bootAll()
      sim.advance(1_000)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    expect(sim.app().slots.map(generationOf)).toEqual([3, 3, 3])
    expect(sim.app()).toMatchObject({ generation: 3, kept: [], settings: { args: ['three'] } })
  })
})
