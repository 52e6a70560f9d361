// What a reload, a restart and a sleeping supervisor do to what went before. Each of these was once found by breaking it.

import { describe, expect, it } from 'vitest'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

function finishRollout(sim: Simulation): void {
  for (let round = 0; round < 40 && sim.app().rollout !== null; round += 1) {
    sim.bootAll()
    sim.advance(1_000)
    for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
  }
}

const reload = (request: string, settings = null as ReturnType<typeof appSettings> | null) =>
  ({ type: 'reload.requested', app: 'web', request, settings }) as const

describe('a reload', () => {
  it('forgives the storm too: the first crash after it is restarted at once', () => {
    const sim = simulate([appSettings({ instances: 1, restart: { backoff: { initialMs: 1, maxMs: 5 } } })])
    sim.bootAll()
    for (let crash = 0; crash < 6; crash += 1) {
      sim.bootAll()
      sim.exit(sim.workers('ready')[0] ?? 0)
      sim.advance(50)
    }
    expect(sim.app().gate.status).toBe('open')
    sim.send(reload('r1'))
    finishRollout(sim)
    sim.exit(sim.workers('ready')[0] ?? 0)
    expect(sim.eventsOf('worker.exited').at(-1)?.after).toEqual({ do: 'restart', delayMs: 0 })
    expect(sim.app().gate.status).toBe('closed')
  })

  it('is not kept out of a slot for ever by what the old release did there, while it was on its way', () => {
    const restart = { onExhausted: 'hold', window: { maxRestarts: 1 }, backoff: { initialMs: 1, maxMs: 1 } } as const
    const sim = simulate([appSettings({ instances: 3, restart })])
    sim.bootAll()
    sim.send(reload('r1'))
    for (let crash = 0; crash < 2; crash += 1) {
      sim.exit(sim.app().slots[2]?.current?.id ?? 0)
      sim.advance(10)
      const again = sim.app().slots[2]?.current?.id
      if (again !== undefined) sim.listen(again)
      sim.advance(1_000)
    }
    expect(sim.app().slots[2]?.gate.status).toBe('open')
    finishRollout(sim)
    expect(sim.app().rollout).toBeNull()
    expect(sim.app().slots.map((slot) => slot.current?.generation)).toEqual([2, 2, 2])
  })

  it.each([
    [2, 4],
    [4, 2],
  ])('applies a changed number of instances: %i to %i', (before, after) => {
    const sim = simulate([appSettings({ instances: before })])
    sim.bootAll()
    sim.send(reload('r1', appSettings({ instances: after })))
    finishRollout(sim)
    expect(sim.eventsOf('reload.finished')).toHaveLength(1)
    expect(sim.workers('ready')).toHaveLength(after)
    expect(new Set(sim.app().slots.map(({ generation }) => generation))).toEqual(new Set([2]))
  })

  it('gives the number of instances back when it fails', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send(reload('r1', appSettings({ instances: 3 })))
    sim.exit(sim.workers('booting')[0] ?? 0, { code: 1 })
    finishRollout(sim)
    sim.advance(10_000)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([{ generation: 2 }])
    expect(sim.app().instances).toBe(2)
    expect(sim.workers('ready')).toHaveLength(2)
  })

  it('keeps a number that scale has set, as long as the config says nothing new', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'absolute', count: 3 }, request: 's1' })
    sim.bootAll()
    sim.send(reload('r1', appSettings({ instances: 2, args: ['new'] })))
    finishRollout(sim)
    expect(sim.workers('ready')).toHaveLength(3)
  })

  it('leaves a slot that was stopped by hand as it is, and tells of each slot that got a new worker', () => {
    const sim = simulate([appSettings({ instances: 3 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: 'web', slot: 0, cause: 'request', force: false })
    sim.exit(1, { code: 0 })
    sim.exit(3, { signal: 'SIGKILL' })
    sim.send(reload('r1'))
    finishRollout(sim)
    expect(sim.app().slots.map(({ current }) => current !== null)).toEqual([false, true, true])
    expect(
      sim
        .eventsOf('reload.slotReplaced')
        .map(({ slot }) => slot)
        .sort(),
    ).toEqual([1, 2])
  })
})

it('an app whose only slot was stopped by hand waits for its restart, and ends nothing', () => {
  const sim = simulate([appSettings({ instances: 1 })])
  sim.bootAll()
  sim.send({ type: 'stop.requested', app: 'web', slot: 0, cause: 'request', force: false })
  sim.exit(1, { code: 0 })
  expect(sim.exitCode).toBeNull()
  sim.send({ type: 'restart.requested', app: 'web', slot: 0, request: 'r1' })
  sim.bootAll()
  sim.advance(1_000)
  expect(sim.workers('ready')).toEqual([2])
})

describe('a supervisor that was asleep', () => {
  it('gives boots and drains the time that it did not see', () => {
    const sim = simulate([appSettings({ instances: 2, ready: { timeoutMs: 5_000 } })])
    sim.listen(1)
    sim.send({ type: 'stop.requested', app: 'web', slot: 0, cause: 'request', force: false })
    sim.send({ type: 'supervisor.overslept', lateMs: 60_000 })
    sim.advance(64_000)
    expect(sim.workers('booting')).toEqual([2])
    expect(sim.workers('draining')).toEqual([1])
    sim.advance(25_000)
    expect(sim.workers('killing')).toEqual([1, 2])
  })

  it('gives a worker that has to go the time in which no replacement could come', () => {
    const memory = {
      softBytes: null,
      hardBytes: 500,
      sustainMs: 0,
      predict: false,
      action: 'replace',
      sharedBytes: null,
    }
    const watchdogs = { memory, cpu: null, eventLoop: null, hang: null }
    const sim = simulate([appSettings({ instances: 1, watchdogs } as never)])
    sim.bootAll()
    sim.send({ type: 'workers.sampled', samples: [{ worker: 1, rssBytes: 600, cpuShare: null }] })
    sim.stall(60_000)
    sim.send({ type: 'supervisor.overslept', lateMs: 60_000 })
    expect(sim.workers('draining')).toEqual([])
    sim.bootAll()
    expect(sim.eventsOf('worker.replaced')).toHaveLength(1)
  })

  it('does not give up an app for a minute in which it tried nothing', () => {
    const restart = { window: { maxRestarts: 0 }, backoff: { initialMs: 1, maxMs: 1 } }
    const sim = simulate([appSettings({ instances: 1, restart })])
    sim.bootAll()
    sim.exit(1)
    expect(sim.app().gate.status === 'open' || sim.app().slots[0]?.gate.status === 'open').toBe(true)
    sim.stall(100_000)
    sim.send({ type: 'supervisor.overslept', lateMs: 100_000 })
    expect(sim.exitCode).toBeNull()
    sim.bootAll()
    expect(sim.workers('ready')).toHaveLength(1)
  })

  it('keeps the deadline of a stop all the same', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    sim.send({ type: 'supervisor.overslept', lateMs: 60_000 })
    sim.advance(25_000)
    expect(sim.commands.at(-1)).toMatchObject({ type: 'signal', signal: 'SIGKILL' })
  })
})
