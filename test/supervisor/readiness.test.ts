import { describe, expect, it } from 'vitest'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

function reload(sim: Simulation, options: { readonly allowPortChange?: boolean } = {}): void {
  sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null, ...options })
}

function listen(sim: Simulation, worker: number, port: number, ephemeral = false): void {
  sim.send({ type: 'worker.listening', worker, port, address: null, ephemeral })
}

describe('what a new generation must listen on', () => {
  it('is every port that all of the old one had, and no more', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    listen(sim, 1, 3000)
    listen(sim, 1, 9000)
    listen(sim, 2, 3000)
    reload(sim)
    listen(sim, 3, 3000)
    expect(sim.workers('warming')).toEqual([3])
  })

  it('is nothing where a change of ports is allowed, now and for restarts of that generation', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    listen(sim, 1, 3000)
    reload(sim, { allowPortChange: true })
    listen(sim, 2, 4000)
    sim.advance(1_000)
    sim.exit(1, { code: 0 })
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    sim.exit(2, { signal: 'SIGKILL' })
    listen(sim, 3, 5000)
    expect(sim.workers('ready')).toEqual([3])
  })

  it('is asked for again by the reload after one that was allowed to change it', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    listen(sim, 1, 3000)
    reload(sim, { allowPortChange: true })
    listen(sim, 2, 4000)
    sim.advance(1_000)
    sim.exit(1, { code: 0 })
    reload(sim)
    listen(sim, 3, 3000)
    expect(sim.workers('warming')).toEqual([])
    listen(sim, 3, 4000)
    expect(sim.workers('warming')).toEqual([3])
  })

  it('is no port that the system chose: that one can not be asked for', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    listen(sim, 1, 40_001, true)
    listen(sim, 1, 3000)
    reload(sim)
    listen(sim, 2, 40_002, true)
    expect(sim.workers('warming')).toEqual([])
    listen(sim, 2, 3000)
    expect(sim.workers('warming')).toEqual([2])
  })
})
