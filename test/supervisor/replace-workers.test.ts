import { describe, expect, it } from 'vitest'
import type { EndCause } from '../../src/events/causes.ts'
import { markEnding } from '../../src/supervisor/due.ts'
import { readyCount } from '../../src/supervisor/state/app.ts'
import { initialState, type SupervisorState } from '../../src/supervisor/state/supervisor.ts'
import { step } from '../../src/supervisor/step.ts'
import { beginTurn } from '../../src/supervisor/turn.ts'
import { appSettings, type Simulation, simulate, supervisorSettings } from '../support/simulation.ts'

const hourly = { maxAgeMs: 3_600_000, maxRequests: null, jitter: 0, minLifeMs: 10_000 }
const after1000 = { maxAgeMs: null, maxRequests: 1_000, jitter: 0, minLifeMs: 10_000 }

function running(recycle: typeof hourly | typeof after1000, instances = 3, overrides = {}): Simulation {
  const sim = simulate([appSettings({ instances, recycle, ...overrides } as never)])
  sim.bootAll()
  return sim
}

function beat(sim: Simulation, worker: number, requests: number): void {
  sim.send({ type: 'worker.beat', worker, requests, heapUsed: 1, delayP99Ms: 0, utilization: 0, connections: 0 })
}

/** Boots what is booting and ends what drains, as processes do. */
function settle(sim: Simulation): void {
  for (let round = 0; round < 20; round += 1) {
    sim.bootAll()
    for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
  }
}

describe('recycling by age', () => {
  it('replaces each worker once it is old enough, new before old, one at a time', () => {
    const sim = running(hourly)
    sim.advance(3_599_000)
    expect(sim.eventsOf('worker.replacing')).toEqual([])

    sim.advance(1_000)
    expect(sim.eventsOf('worker.replacing')).toMatchObject([{ cause: 'age', worker: { slot: 0 } }])
    expect(sim.workers('ready')).toHaveLength(3)
    expect(sim.workers('booting')).toHaveLength(1)

    sim.bootAll()
    expect(sim.eventsOf('worker.replaced')).toMatchObject([{ cause: 'age', worker: { slot: 0 }, by: { slot: 0 } }])
    expect(sim.workers('draining')).toHaveLength(1)
    // The second boots meanwhile, but takes over only when the first has gone.
    sim.bootAll()
    expect(sim.eventsOf('worker.replaced')).toHaveLength(1)

    settle(sim)
    expect(sim.eventsOf('worker.replaced').map(({ worker }) => worker.slot)).toEqual([0, 1, 2])
    expect(sim.workers('ready')).toHaveLength(3)
    expect(sim.app().slots.every(({ restarts }) => restarts === 0)).toBe(true)
  })

  it('goes on for ever: the new workers age too', () => {
    const sim = running(hourly, 2)
    for (let hour = 0; hour < 3; hour += 1) {
      sim.advance(3_600_000)
      settle(sim)
    }
    expect(sim.eventsOf('worker.replaced')).toHaveLength(6)
  })

  it('spreads the ages by up to the jitter', () => {
    const sim = running({ ...hourly, jitter: 0.5 }, 4)
    const due = sim.app().slots.map(({ current }) => (current?.recycle.at ?? 0) - (current?.forkedAt ?? 0))
    expect(new Set(due).size).toBe(4)
    expect(Math.min(...due)).toBeGreaterThanOrEqual(3_600_000)
    expect(Math.max(...due)).toBeLessThan(5_400_000)
  })
})

describe('recycling by requests', () => {
  it('replaces a worker that has answered enough', () => {
    const sim = running(after1000)
    sim.advance(60_000)
    beat(sim, sim.workers('ready')[1] as number, 999)
    expect(sim.eventsOf('worker.replacing')).toEqual([])
    beat(sim, sim.workers('ready')[1] as number, 1_000)
    expect(sim.eventsOf('worker.replacing')).toMatchObject([{ cause: 'requests', worker: { slot: 1 } }])
  })

  it('never replaces one that is too young', () => {
    const sim = running(after1000)
    sim.advance(9_000)
    beat(sim, sim.workers('ready')[0] as number, 5_000)
    expect(sim.eventsOf('worker.replacing')).toEqual([])
    sim.advance(1_000)
    beat(sim, sim.workers('ready')[0] as number, 5_100)
    expect(sim.eventsOf('worker.replacing')).toHaveLength(1)
  })
})

describe('a replacement', () => {
  it('that does not boot leaves the old worker in its place, and is tried again, later each time', () => {
    const sim = running(hourly, 1)
    sim.advance(3_600_000)
    for (const waitMs of [1_000, 2_000, 4_000]) {
      const [booting] = sim.workers('booting')
      sim.exit(booting as number, { code: 1 })
      const failed = sim.eventsOf('worker.replacementFailed').at(-1)
      expect(failed).toMatchObject({ worker: { slot: 0 }, exit: { kind: 'boot-failure' } })
      expect(failed?.retryInMs).toBeGreaterThanOrEqual(waitMs)
      expect(readyCount(sim.app())).toBe(1)
      sim.advance(waitMs * 1.25)
    }
    settle(sim)
    expect(sim.eventsOf('worker.replaced')).toHaveLength(1)
  })

  it('takes the place of a worker that crashes while it boots, without another fork', () => {
    const sim = running(hourly, 1)
    sim.advance(3_600_000)
    const [old] = sim.workers('ready')
    const [booting] = sim.workers('booting')
    sim.exit(old as number, { signal: 'SIGKILL' })
    expect(sim.alive.size).toBe(1)
    sim.bootAll()
    expect(sim.app().slots[0]?.current?.id).toBe(booting)
  })

  it('waits for a reload, which replaces the worker anyway', () => {
    const sim = running(hourly, 2)
    sim.advance(3_599_500)
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.advance(500)
    expect(sim.eventsOf('worker.replacing')).toEqual([])
    for (let round = 0; round < 10; round += 1) {
      sim.advance(1_000)
      settle(sim)
    }
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(sim.eventsOf('worker.replacing')).toEqual([])
  })

  it('that is under way when a reload begins goes, and the reload gets through', () => {
    const sim = running(hourly, 2)
    sim.advance(3_600_000)
    const [surge] = sim.workers('booting')
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.exit(surge as number, { signal: 'SIGTERM' })
    for (let round = 0; round < 10; round += 1) {
      sim.advance(1_000)
      settle(sim)
    }
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(sim.app().slots.every(({ current, generation }) => current !== null && generation === 2)).toBe(true)
  })

  it('is old before new where there is no surge, and the floor allows it', () => {
    const sim = running(hourly, 2, { reload: { surge: 0, maxUnavailable: 1 } })
    sim.advance(3_600_000)
    expect(sim.workers('draining')).toHaveLength(1)
    settle(sim)
    expect(sim.workers('ready')).toHaveLength(2)
    expect(sim.alive.size).toBe(2)
  })
})

describe('a worker that has to go', () => {
  /** A core of its own, since nobody outside says so yet: three ready workers, those of `slots` marked. */
  function marked(cause: EndCause, slots: readonly number[]) {
    let state: SupervisorState = initialState({
      settings: supervisorSettings([appSettings({ instances: 3 })]),
      foreground: true,
      cpus: 16,
      seed: 1,
      now: 0,
    })
    const events: ReturnType<typeof step>['events'][number][] = []
    const send = (input: Parameters<typeof step>[1], now: number) => {
      const next = step(state, input, now)
      state = next.state
      events.push(...next.events)
      return next.commands
    }
    send({ type: 'tick' }, 0)
    for (const worker of [1, 2, 3]) send({ type: 'worker.listening', worker, port: 3000, address: null }, 100)
    const turn = beginTurn(state, 60_000)
    for (const slot of turn.state.apps[0]?.slots ?? []) {
      if (slot.current !== null && slots.includes(slot.number)) markEnding(turn, slot, slot.current, cause)
    }
    state = turn.state
    return { send, events, commands: send({ type: 'tick' }, 60_000) }
  }

  it('is kept until its replacement is ready, for five seconds', () => {
    const { send, commands } = marked('memory', [0])
    expect(commands.map(({ type }) => type)).toEqual(['fork'])
    const answered = send({ type: 'worker.listening', worker: 4, port: 3000, address: null }, 60_300)
    expect(answered).toMatchObject([{ type: 'drain', worker: 1, deadlineMs: 3_000 }])
  })

  it('goes without a replacement when none is ready by then, and counts as a crash', () => {
    const { send, events } = marked('memory', [0])
    expect(send({ type: 'tick' }, 64_999)).toEqual([])
    expect(send({ type: 'tick' }, 65_000)).toMatchObject([{ type: 'drain', worker: 1 }])
    send({ type: 'worker.exited', worker: 1, code: null, signal: 'SIGTERM', forkError: null, oomKilled: false }, 66_000)
    expect(events.filter(({ type }) => type === 'worker.exited')).toMatchObject([{ exit: { kind: 'memory' } }])
  })

  it('is killed at once where its loop does not turn', () => {
    const { commands, send, events } = marked('hang', [0])
    expect(commands).toMatchObject([{ type: 'signal', worker: 1, signal: 'SIGKILL' }])
    const after = send(
      { type: 'worker.exited', worker: 1, code: null, signal: 'SIGKILL', forkError: null, oomKilled: false },
      60_010,
    )
    expect(after).toMatchObject([{ type: 'fork', slot: 0 }])
    expect(events.filter(({ type }) => type === 'worker.exited')).toMatchObject([{ exit: { kind: 'hang' } }])
  })

  it('is one at a time: the next one waits until the first is back', () => {
    const { commands, send } = marked('hang', [0, 1, 2])
    expect(commands).toHaveLength(1)
    send({ type: 'worker.exited', worker: 1, code: null, signal: 'SIGKILL', forkError: null, oomKilled: false }, 60_010)
    expect(send({ type: 'tick' }, 60_200)).toEqual([])
    expect(send({ type: 'worker.listening', worker: 4, port: 3000, address: null }, 60_300)).toMatchObject([
      { type: 'signal', worker: 2, signal: 'SIGKILL' },
    ])
  })
})
