// Ways in which a reload or restart might wait for ever. Each ends, and says what it waited for.

import { describe, expect, it } from 'vitest'
import type { AppSettings } from '../../src/config/settings.ts'
import type { ReloadFailure } from '../../src/events/family/reload.ts'
import { patienceMs } from '../../src/supervisor/rollout-pace.ts'
import type { App } from '../../src/supervisor/state/app.ts'
import { generationOf } from '../../src/supervisor/state/slot.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const reporting: AppSettings['watchdogs'] = {
  memory: null,
  cpu: null,
  eventLoop: null,
  hang: { suspectAfterMs: 2_500, replaceAfterMs: 10_000, evidence: 'none', action: 'report' },
  descriptors: null,
}

function reload(sim: Simulation, settings: AppSettings | null = null): void {
  sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings })
}

function restart(sim: Simulation): void {
  sim.send({ type: 'restart.requested', app: 'web', slot: null, request: 'r' })
}

/** Seconds in which all that boots becomes ready, all but some beat, and who is asked to leaves, but for some. */
function live(
  sim: Simulation,
  seconds: number,
  { mute = [], immortal = [] }: { mute?: readonly number[]; immortal?: readonly number[] } = {},
): void {
  for (let second = 0; second < seconds; second += 1) {
    sim.bootAll()
    for (const id of sim.alive.keys()) if (!mute.includes(id)) beat(sim, id)
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) {
      if (!immortal.includes(id)) sim.exit(id, { code: 0 })
    }
    sim.advance(1_000)
  }
}

function beat(sim: Simulation, worker: number): void {
  const vitals = { heapUsed: 1, delayP99Ms: 1, utilization: 0, connections: 0 }
  sim.send({ type: 'worker.beat', worker, requests: 0, ...vitals })
}

const goesForward = ({ rollout }: App) => rollout?.kind === 'reload' && rollout.back === null

const generations = (sim: Simulation) => sim.app().slots.map(generationOf)

function failureOf(sim: Simulation): ReloadFailure | undefined {
  const [end] = [
    ...sim.eventsOf('reload.rolledBack'),
    ...sim.eventsOf('reload.halted'),
    ...sim.eventsOf('restart.failed'),
  ]
  return end?.failure
}

describe('a worker of the new release that is not heard of, where that is only reported', () => {
  /** So slow that the first new worker is judged before the last one is there. */
  const running = (reload = {}) => {
    const sim = simulate([
      appSettings({ instances: 2, watchdogs: reporting, reload: { cooldownMs: 45_000, ...reload } }),
    ])
    sim.bootAll()
    return sim
  }

  it('turns the reload back as soon as it is reported, and goes with its release', () => {
    const sim = running()
    reload(sim)
    live(sim, 40, { mute: [3] })
    expect(failureOf(sim)).toMatchObject({ slot: 0, worker: 3, reason: 'hang', exit: null })
    expect(generations(sim)).toEqual([1, 1])
    expect(sim.app().rollout).toBeNull()
    expect(sim.alive.has(3)).toBe(false)
  })

  it('halts it where there is no rollback', () => {
    const sim = running({ rollback: false })
    reload(sim)
    live(sim, 40, { mute: [3] })
    expect(sim.eventsOf('reload.halted')).toMatchObject([{ failure: { worker: 3, reason: 'hang' } }])
    expect(sim.alive.has(3)).toBe(true)
  })

  it('is waited for while somebody holds it in a debugger, and no longer than anything else', () => {
    const sim = running()
    sim.examined = () => ({ heldBy: 'debugger' })
    reload(sim)
    live(sim, 60, { mute: [3] })
    expect(sim.app().rollout).toMatchObject({ back: null })
    live(sim, 400, { mute: [3] })
    expect(failureOf(sim)).toMatchObject({ worker: 3, reason: 'stalled', stall: 'silent' })
    expect(generations(sim)).toEqual([1, 1])
  })

  it('does not matter where it never listens: it may be computing', () => {
    const quiet = appSettings({ instances: 2, watchdogs: reporting, ready: { on: 'started' } })
    const sim = simulate([quiet])
    const boot = () => {
      for (const id of sim.workers('booting')) sim.send({ type: 'worker.loaded', worker: id })
      sim.advance(1_000)
    }
    boot()
    reload(sim)
    for (let second = 0; second < 60 && sim.app().rollout !== null; second += 1) {
      boot()
      for (const id of sim.alive.keys()) if (id !== 3) beat(sim, id)
      // Heard of once, so that its silence counts.
      if (sim.workers('ready').includes(3) && sim.eventsOf('reload.slotReplaced').length === 0) beat(sim, 3)
      for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
    }
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(generations(sim)).toEqual([2, 2])
  })
})

describe('a restart gate that opens while a reload is under way', () => {
  const restartSettings = {
    onExhausted: 'hold',
    backoff: { initialMs: 1, maxMs: 5 },
    window: { maxRestarts: 3 },
  } as const

  it('is no obstacle to the new release where the old one crashed', () => {
    const sim = simulate([appSettings({ instances: 2, restart: restartSettings })])
    sim.bootAll()
    reload(sim)
    // The new release takes its time.
    const next = sim.workers('booting')[0] ?? 0
    for (let crash = 0; crash < 30; crash += 1) {
      for (const id of sim.alive.keys()) if (id !== next) sim.exit(id, { code: 1 })
      sim.advance(10)
    }
    expect(sim.app().gate.status).toBe('open')
    live(sim, 10)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(generations(sim)).toEqual([2, 2])
    expect(sim.app()).toMatchObject({ gate: { status: 'closed' } })
  })

  it('is none either where the old worker goes first', () => {
    const reloading = { surge: 0, maxUnavailable: 1 }
    const restart = { ...restartSettings, storm: { max: 2 } }
    const sim = simulate([appSettings({ instances: 6, restart, reload: reloading })])
    sim.bootAll()
    reload(sim)
    // The new worker can't start before the old one has gone, and meanwhile the others crash.
    for (const id of [2, 3, 4, 5, 6]) sim.exit(id, { code: 1 })
    live(sim, 30)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(generations(sim)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('does not keep the old release from coming back where the new one crashed', () => {
    const sim = simulate([appSettings({ instances: 2, restart: restartSettings })])
    sim.bootAll()
    reload(sim)
    live(sim, 1)
    for (let crash = 0; crash < 30 && goesForward(sim.app()); crash += 1) {
      sim.bootAll()
      const fresh = sim.app().slots.find(({ current }) => current?.generation === 2)?.current
      if (fresh != null) sim.exit(fresh.id, { code: 1 })
      sim.advance(10)
    }
    live(sim, 20)
    expect(sim.eventsOf('reload.rolledBack')).toHaveLength(1)
    expect(generations(sim)).toEqual([1, 1])
    expect(sim.workers('ready')).toHaveLength(2)
  })

  it('ends a rollback that the old release does not survive either: who is behind a gate is not waited for', () => {
    const sim = simulate([appSettings({ instances: 2, restart: restartSettings })])
    sim.bootAll()
    reload(sim)
    live(sim, 3)
    for (let second = 0; second < 600 && sim.app().rollout !== null; second += 1) {
      sim.bootAll()
      for (const id of [...sim.alive.keys()]) sim.exit(id, { code: 1 })
      sim.advance(1_000)
    }
    expect(sim.app().rollout).toBeNull()
  })

  it('fails a restart at once: the slot in hand would wait for a person', () => {
    const sim = simulate([
      appSettings({ instances: 3, restart: { ...restartSettings, window: { maxRestarts: 1_000 } } }),
    ])
    sim.bootAll()
    restart(sim)
    for (let crash = 0; crash < 60 && sim.app().rollout !== null; crash += 1) {
      // Slot 0 drains; the others crash.
      const others = sim
        .app()
        .slots.slice(1)
        .flatMap(({ current }) => current?.id ?? [])
      for (const id of others) sim.exit(id, { code: 1 })
      sim.advance(10)
      for (const { current } of sim.app().slots.slice(1)) if (current !== null) sim.listen(current.id)
    }
    sim.exit(1, { code: 0 })
    expect(failureOf(sim)).toMatchObject({ slot: 0, reason: 'stalled', stall: 'gate' })
    expect(sim.app().rollout).toBeNull()
  })
})

describe('a worker that SIGKILL does not end', () => {
  it('does not condemn the new release where all else is through', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    reload(sim)
    live(sim, 300, { immortal: [1] })
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(generations(sim)).toEqual([2])
  })

  it('is named by the reload that it holds up, which ends', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    reload(sim)
    live(sim, 600, { immortal: [1] })
    expect(failureOf(sim)).toMatchObject({ slot: 0, worker: 1, reason: 'stalled', stall: 'unkillable' })
    expect(sim.app().rollout).toBeNull()
    expect(sim.workers('ready')).toHaveLength(2)
  })

  it('is named by the restart that it holds up', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    restart(sim)
    live(sim, 300, { immortal: [1] })
    expect(failureOf(sim)).toMatchObject({ slot: 0, worker: 1, reason: 'stalled', stall: 'unkillable' })
  })
})

describe('what else may hold up a reload', () => {
  it('a dependency that never comes: it ends before it has begun, and the app still waits', () => {
    const sim = simulate([
      appSettings({ name: 'db', instances: 1, restart: { policy: 'never' } }),
      appSettings({ instances: 1, dependsOn: ['db'] }),
    ])
    sim.send({ type: 'worker.loaded', worker: 1 })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
    sim.advance(patienceMs(sim.state, sim.app('web')))
    expect(failureOf(sim)).toMatchObject({ reason: 'stalled', stall: 'dependency' })
    expect(sim.app('web')).toMatchObject({ rollout: null, phase: { status: 'waiting' }, generation: 1 })
    sim.exit(1, { code: 0 })
    expect(sim.workers('booting', 'web')).toHaveLength(1)
  })

  it('time in which the supervisor did not run counts for nobody', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    reload(sim)
    live(sim, 3, { immortal: [1] })
    const nap = patienceMs(sim.state, sim.app())
    sim.stall(nap)
    sim.send({ type: 'supervisor.overslept', lateMs: nap })
    live(sim, 10)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
  })

  it('a slot at a time: what goes on is not late, however long all of it takes', () => {
    const sim = simulate([appSettings({ instances: 10 })])
    sim.bootAll()
    reload(sim)
    const patience = patienceMs(sim.state, sim.app())
    const began = sim.now
    for (let slot = 0; slot < 10; slot += 1) {
      sim.advance(25_000)
      sim.bootAll()
      sim.advance(20_000)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    expect(sim.now - began).toBeGreaterThan(3 * patience)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
  })
})
