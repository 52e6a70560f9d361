// Two things at once: crashes during reloads, stops during restarts, scaling away what is on trial. Each was once found wrong.

import { describe, expect, it } from 'vitest'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const fast = { backoff: { initialMs: 1, maxMs: 5 } }

function openAppGate(sim: Simulation): void {
  for (let round = 0; sim.app().gate.status === 'closed' && round < 50; round += 1) {
    sim.bootAll()
    for (const id of sim.workers('ready')) sim.exit(id)
    sim.advance(50)
  }
  for (const id of sim.workers('booting')) sim.exit(id)
}

describe('a trial behind an open gate', () => {
  it('gives its permit back where its slot was scaled away', () => {
    const sim = simulate([appSettings({ instances: 2, restart: fast })], { foreground: false })
    sim.bootAll()
    openAppGate(sim)
    sim.advance(40_000)
    const [trial] = sim.workers('booting')
    expect(trial).toBeDefined()
    const slot = sim.app().slots.find(({ current }) => current?.id === trial)
    if (slot !== undefined) slot.retired = true
    sim.exit(trial ?? 0)
    sim.advance(600_000)
    expect(sim.eventsOf('gate.trialStarted').length).toBeGreaterThan(1)
  })

  it('is no trial any more after a person has closed the gate: at most one runs behind the next', () => {
    const sim = simulate([appSettings({ instances: 2, restart: fast })], { foreground: false })
    sim.bootAll()
    openAppGate(sim)
    sim.advance(40_000)
    sim.send({ type: 'restart.requested', app: 'web', slot: 1, request: 'r1' })
    for (let round = 0; round < 100; round += 1) {
      const newest = sim.workers('booting').at(-1)
      if (newest !== undefined) sim.listen(newest)
      const ready = sim.workers('ready').at(-1)
      if (ready !== undefined) sim.exit(ready)
      sim.advance(1_000)
    }
    expect(sim.app().slots.length).toBe(2)
  })
})

describe('a crash during a reload', () => {
  it('is replaced in the old release while the new one has not proved itself', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    sim.send({
      type: 'reload.requested',
      app: 'web',
      request: 'r1',
      settings: appSettings({ instances: 1, args: ['new'] }),
    })
    sim.exit(1, { signal: 'SIGKILL' })
    const forks = sim.commands.filter((command) => command.type === 'fork')
    expect(forks.map(({ generation }) => generation)).toEqual([1, 2, 1])
    expect(forks.at(-1)?.settings.args).toEqual([])
  })

  it('of all workers does not put the whole app on an unproven release', () => {
    const sim = simulate([appSettings({ instances: 3 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    for (const id of [1, 2, 3]) sim.exit(id, { signal: 'SIGKILL' })
    const generations = sim.commands.flatMap((command) => (command.type === 'fork' ? [command.generation] : []))
    expect(generations.filter((generation) => generation === 2)).toHaveLength(1)
  })

  it('keeps its settings with a worker that restoring has left on the new release', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({
      type: 'reload.requested',
      app: 'web',
      request: 'r1',
      settings: appSettings({ instances: 2, args: ['new'] }),
    })
    sim.bootAll()
    sim.advance(1_000)
    sim.exit(1, { code: 0 })
    for (let round = 0; round < 30 && sim.app().rollout !== null; round += 1) {
      for (const id of sim.workers('booting')) sim.exit(id, { code: 1 })
      sim.advance(10_000)
    }
    const kept = sim.app().slots.find(({ current }) => current?.generation === 2)?.current
    expect(kept).toBeDefined()
    sim.exit(kept?.id ?? 0, { signal: 'SIGKILL' })
    const last = sim.commands.filter((command) => command.type === 'fork').at(-1)
    expect(last).toMatchObject({ generation: 2, settings: { args: ['new'] } })
  })
})

it('a stop restarts nothing, not even what others depend on', () => {
  const sim = simulate([
    appSettings({ name: 'db', instances: 1 }),
    appSettings({ name: 'web', instances: 1, dependsOn: ['db'] }),
  ])
  sim.listen(1, 5432)
  sim.bootAll()
  sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
  sim.exit(1, { signal: 'SIGKILL' })
  sim.advance(5_000)
  expect(sim.eventsOf('worker.forked')).toHaveLength(2)
})

it('a worker that listens is drained though it is not ready yet: Node gives it connections from listen() on', () => {
  const sim = simulate([appSettings({ instances: 1, ready: { on: 'message' } })])
  sim.listen(1)
  expect(sim.workers('booting')).toEqual([1])
  sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
  expect(sim.commands.at(-1)).toMatchObject({ type: 'drain', worker: 1 })
})

it('slots that have ended by policy do not keep an app that never boots from failing', () => {
  const sim = simulate([appSettings({ instances: 2, restart: { policy: 'on-failure' } })])
  sim.exit(1, { code: 0 })
  for (let round = 0; round < 100 && sim.exitCode === null; round += 1) {
    for (const id of sim.workers('booting')) sim.exit(id, { code: 1 })
    sim.advance(1_000)
  }
  expect(sim.exitCode).toBe(1)
})

it('exit 70 comes a minute after the gate opened, with trials in between, however long nothing was ready before', () => {
  const sim = simulate([appSettings({ instances: 1 })])
  sim.bootAll()
  sim.exit(1)
  let opened = 0
  for (let second = 0; second < 600 && sim.exitCode === null; second += 1) {
    sim.advance(7_000)
    for (const id of sim.workers('booting')) sim.exit(id, { code: 1 })
    if (opened === 0 && sim.eventsOf('gate.opened').length > 0) opened = sim.now
  }
  expect(sim.exitCode).toBe(70)
  expect(sim.now - opened).toBeGreaterThanOrEqual(45_000)
  expect(sim.eventsOf('gate.trialStarted').length).toBeGreaterThan(0)
})

it('dependants start though one slot of what they depend on is behind a gate', () => {
  const sim = simulate([
    appSettings({ name: 'db', instances: 2, restart: { ...fast, storm: { max: 1_000 } } }),
    appSettings({ name: 'web', instances: 1, dependsOn: ['db'] }),
  ])
  sim.listen(1, 5432)
  for (let round = 0; round < 30; round += 1) {
    for (const id of sim.workers('booting', 'db')) sim.exit(id, { code: 1 })
    sim.advance(10)
  }
  expect(sim.workers('booting', 'web')).toHaveLength(1)
})

it('a restart waits while another slot boots, so that one always serves', () => {
  const sim = simulate([appSettings({ instances: 2 })])
  sim.bootAll()
  sim.exit(2, { signal: 'SIGKILL' })
  sim.send({ type: 'restart.requested', app: 'web', slot: 0, request: 'r1' })
  expect(sim.workers('ready')).toEqual([1])
  sim.bootAll()
  sim.advance(1_000)
  expect(sim.workers('draining')).toEqual([1])
})
