import { describe, expect, it } from 'vitest'
import { STANDBY_SLOT } from '../../src/events/worker-ref.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

function running(overrides: object = {}): Simulation {
  const sim = simulate([appSettings({ instances: 2, standby: 1, ...overrides } as never)])
  sim.bootAll()
  return sim
}

const forks = (sim: Simulation) => sim.commands.filter(({ type }) => type === 'fork')
const promotions = (sim: Simulation) => sim.commands.filter(({ type }) => type === 'promote')

/** Boots and ends whatever boots and ends, a second at a time. */
function settle(sim: Simulation, seconds = 5): void {
  for (let second = 0; second < seconds; second += 1) {
    sim.bootAll()
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
    sim.advance(1_000)
  }
}

describe('the reserve', () => {
  it('is filled once all workers are ready, and not before', () => {
    const sim = simulate([appSettings({ instances: 2, standby: 1 })])
    expect(forks(sim)).toHaveLength(2)
    sim.listen(1)
    expect(forks(sim)).toHaveLength(2)
    sim.listen(2)
    expect(forks(sim).at(-1)).toMatchObject({ slot: STANDBY_SLOT, standby: true })
    sim.send({ type: 'worker.held', worker: 3 })
    expect(sim.workers('standby')).toEqual([3])
    expect(sim.eventsOf('worker.standing')).toHaveLength(1)
    expect(sim.workers('ready')).toHaveLength(2)
  })

  it('gives a standby to the slot of a worker that crashes, in the same step, and is filled again', () => {
    const sim = running()
    const [standby] = sim.workers('standby')
    sim.exit(sim.workers('ready')[1] as number, { signal: 'SIGKILL' })
    expect(promotions(sim)).toEqual([{ type: 'promote', worker: standby, slot: 1 }])
    expect(forks(sim)).toHaveLength(3)
    expect(sim.app().slots[1]?.current).toMatchObject({ id: standby, slot: 1, stage: { status: 'booting' } })

    sim.advance(20)
    sim.listen(standby as number)
    expect(sim.eventsOf('worker.ready').at(-1)).toMatchObject({ worker: { id: standby, slot: 1 }, bootMs: 20 })
    expect(forks(sim)).toHaveLength(4)
    sim.bootAll()
    expect(sim.workers('standby')).toHaveLength(1)
    expect(sim.app().slots[1]?.restarts).toBe(1)
  })

  it('obeys the backoff of the slot', () => {
    const sim = running()
    for (const delayMs of [0, 1_000]) {
      sim.exit(sim.app().slots[0]?.current?.id ?? 0, { code: 1 })
      if (delayMs > 0) expect(promotions(sim)).toHaveLength(1)
      sim.advance(delayMs * 1.25)
      sim.bootAll()
    }
    expect(promotions(sim)).toHaveLength(2)
  })

  it('replaces a standby that dies, later each time, and counts it against no slot', () => {
    const sim = running()
    const [standby] = sim.workers('standby')
    sim.exit(standby as number, { code: 1 })
    const [first] = sim.eventsOf('worker.exited')
    expect(first).toMatchObject({ exit: { kind: 'code' }, after: { do: 'restart' }, crashes: 0 })
    expect(forks(sim)).toHaveLength(3)
    sim.advance(1_250)
    expect(forks(sim)).toHaveLength(4)
    sim.exit(sim.workers('booting')[0] as number, { code: 1 })
    sim.advance(1_250)
    expect(forks(sim)).toHaveLength(4)
    sim.advance(1_250)
    expect(forks(sim)).toHaveLength(5)
    expect(sim.app()).toMatchObject({ gate: { status: 'closed' }, storm: { score: 0 } })
  })

  it('is not filled while a gate is open', () => {
    const sim = running({ restart: { window: { maxRestarts: 0 } } })
    sim.exit(sim.app().slots[0]?.current?.id ?? 0, { code: 1 })
    expect(promotions(sim)).toEqual([])
    sim.exit(sim.workers('standby')[0] as number, { code: 1 })
    sim.advance(20_000)
    expect(sim.workers('booting')).toEqual([])
  })

  it('is of the new release after a reload, and of the old one as long as that may be needed', () => {
    const sim = running()
    const [old] = sim.workers('standby')
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    expect(sim.workers('standby')).toEqual([old])
    // A crash during the reload, before the new release has proved itself: the old release's standby takes over.
    sim.exit(sim.app().slots[1]?.current?.id ?? 0, { code: 1 })
    expect(promotions(sim)).toMatchObject([{ worker: old, slot: 1 }])
    settle(sim, 12)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(sim.app().reserve.leaving).toMatchObject([{ generation: 2, stage: { status: 'standby' } }])
  })

  it('is renewed by a restart, which wants new processes', () => {
    const sim = running()
    const [old] = sim.workers('standby')
    sim.send({ type: 'restart.requested', app: 'web', slot: null, request: 'r1' })
    settle(sim, 12)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(promotions(sim)).toEqual([])
    expect(sim.workers('standby')).toHaveLength(1)
    expect(sim.workers('standby')).not.toContain(old)
  })

  it('follows a reload that asks for more, for fewer, or for none', () => {
    const sim = running({ standby: 2 })
    expect(sim.workers('standby')).toHaveLength(2)
    for (const standby of [3, 1, 0]) {
      const settings = appSettings({ instances: 2, standby })
      sim.send({ type: 'reload.requested', app: 'web', request: `to ${standby}`, settings })
      settle(sim, 15)
      expect(sim.workers('standby')).toHaveLength(standby)
      expect(sim.alive.size).toBe(2 + standby)
    }
  })

  it('does not age: what has stood for longer than maxAge is not replaced as soon as it serves', () => {
    const recycle = { maxAgeMs: 60_000, maxRequests: null, jitter: 0, minLifeMs: 1_000 }
    const sim = running({ recycle })
    const [standby] = sim.workers('standby')
    settle(sim, 70)
    sim.exit(sim.app().slots[0]?.current?.id ?? 0, { signal: 'SIGKILL' })
    expect(promotions(sim)).toMatchObject([{ worker: standby }])
    sim.bootAll()
    expect(sim.app().slots[0]?.current).toMatchObject({ id: standby, due: null })
    sim.advance(59_000)
    expect(sim.app().slots[0]?.current?.due).toBeNull()
    sim.advance(1_000)
    expect(sim.app().slots[0]?.current?.due).toMatchObject({ cause: 'age' })
  })

  it('is filled again only when the worker that it replaced has gone: so many processes were never agreed to', () => {
    const recycle = { maxAgeMs: 60_000, maxRequests: null, jitter: 0, minLifeMs: 1_000 }
    const sim = running({ instances: 1, recycle, reload: { surge: 0, maxUnavailable: 1 } })
    sim.advance(60_000)
    sim.bootAll()
    expect(promotions(sim)).toHaveLength(1)
    expect(sim.workers('draining')).toEqual([1])
    expect(sim.alive.size).toBe(2)
    sim.exit(1, { code: 0 })
    expect(sim.alive.size).toBe(2)
    sim.bootAll()
    expect(sim.workers('standby')).toHaveLength(1)
  })

  it('serves a scale at once', () => {
    const sim = running()
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'relative', count: 1 }, request: 's' })
    expect(promotions(sim)).toMatchObject([{ slot: 2 }])
  })

  it('is refused, with a reason, to an app that never listens', () => {
    const sim = simulate([appSettings({ standby: 1, ready: { on: 'started' } })])
    for (const id of sim.workers('booting')) sim.send({ type: 'worker.loaded', worker: id })
    sim.advance(1_000)
    expect(sim.workers('ready')).toHaveLength(2)
    sim.advance(60_000)
    expect(sim.eventsOf('app.standbyRefused')).toEqual([
      { type: 'app.standbyRefused', app: 'web', reason: 'never-listens' },
    ])
    expect(forks(sim)).toHaveLength(2)
  })

  it('is refused to an app whose standby listens past the cluster', () => {
    const sim = simulate([appSettings({ standby: 1 })])
    sim.listen(1)
    sim.listen(2)
    sim.listen(3)
    expect(sim.eventsOf('app.standbyRefused')).toMatchObject([{ reason: 'listens-alone' }])
    expect(sim.commands.at(-1)).toMatchObject({ type: 'drain', worker: 3 })
  })

  it('goes with the app: none is alive after a stop', () => {
    const sim = running({ standby: 2 })
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    for (const id of [...sim.alive.keys()]) sim.exit(id, { signal: 'SIGTERM' })
    expect(sim.alive.size).toBe(0)
    expect(sim.exitCode).toBe(0)
  })
})
