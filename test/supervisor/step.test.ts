import { describe, expect, it } from 'vitest'
import { appSettings, simulate } from '../support/simulation.ts'

describe('start', () => {
  it('boots at most as many workers at once as there are CPUs', () => {
    const sim = simulate([appSettings({ instances: 6 })], { cpus: 2 })
    expect(sim.workers('booting')).toHaveLength(2)
    sim.listen(sim.workers('booting')[0] ?? 0)
    expect(sim.workers('booting')).toHaveLength(2)
    sim.bootAll()
    expect(sim.workers('ready')).toHaveLength(6)
    expect(sim.eventsOf('app.running')).toHaveLength(1)
  })

  it('gives up with exit 1 when every slot has failed three boots, and never before one was tried three times', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    while (sim.exitCode === null) {
      for (const id of sim.workers('booting')) sim.exit(id, { code: 1 })
      sim.advance(100)
    }
    expect(sim.exitCode).toBe(1)
    expect(sim.eventsOf('worker.forked')).toHaveLength(6)
    expect(sim.eventsOf('app.failed')).toMatchObject([{ reason: 'never-ready', exit: { kind: 'boot-failure' } }])
  })

  it('kills a boot that takes longer than ready.timeout: signal, killAfter, SIGKILL', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.advance(30_000)
    sim.advance(2_000)
    expect(sim.commands.filter(({ type }) => type === 'signal')).toMatchObject([
      { signal: 'SIGTERM' },
      { signal: 'SIGKILL' },
    ])
    sim.exit(1, { signal: 'SIGKILL' })
    expect(sim.eventsOf('worker.exited')[0]?.exit.kind).toBe('boot-timeout')
  })

  it('takes an app that never listens as ready 10 s after its entry was loaded', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.send({ type: 'worker.loaded', worker: 1 })
    sim.advance(9_999)
    expect(sim.workers('ready')).toEqual([])
    sim.advance(1)
    expect(sim.workers('ready')).toEqual([1])
  })

  it('waits for the ready message of an app that was seen to send it', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.send({ type: 'worker.messagedReady', worker: 1 })
    sim.exit(1)
    sim.listen(2)
    expect(sim.workers('booting')).toEqual([2])
    sim.send({ type: 'worker.messagedReady', worker: 2 })
    expect(sim.workers('ready')).toEqual([2])
  })

  it('starts an app only when what it depends on is ready', () => {
    const sim = simulate([appSettings({ name: 'web', dependsOn: ['db'] }), appSettings({ name: 'db', instances: 1 })])
    expect([...sim.alive.values()].map(({ app }) => app)).toEqual(['db'])
    sim.listen(1, 5432)
    expect(sim.workers('booting', 'web')).toHaveLength(2)
  })

  it('takes a job that ended with 0 as a met dependency, and one that failed as an impossible one', () => {
    const job = appSettings({ name: 'migrate', instances: 1, restart: { policy: 'never' } })
    const apps = [job, appSettings({ name: 'web', dependsOn: ['migrate'] })]
    const good = simulate(apps)
    good.exit(1, { code: 0 })
    expect(good.workers('booting', 'web')).toHaveLength(2)
    const bad = simulate(apps)
    bad.exit(1, { code: 3 })
    expect(bad.eventsOf('app.failed')).toMatchObject([{ app: 'web', reason: 'dependency' }])
    expect(bad.exitCode).toBe(3)
  })
})

describe('crash', () => {
  it('restarts at once the first time, then waits longer each time', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    const waits: number[] = []
    for (let crash = 0; crash < 5; crash += 1) {
      sim.bootAll()
      sim.exit(sim.workers('ready')[0] ?? 0, { signal: 'SIGKILL' })
      const after = sim.eventsOf('worker.exited').at(-1)?.after
      waits.push(after?.do === 'restart' ? after.delayMs : -1)
      sim.advance(40_000 > (waits.at(-1) ?? 0) ? (waits.at(-1) ?? 0) : 0)
    }
    expect(waits[0]).toBe(0)
    for (const [index, base] of [1_000, 2_000, 4_000, 8_000].entries()) {
      expect(waits[index + 1]).toBeGreaterThanOrEqual(base)
      expect(waits[index + 1]).toBeLessThanOrEqual(base * 1.25)
    }
  })

  it.each([0, 3_600_000])(
    'opens the gate of a slot that crashes six times in 60 s, after %i ms of stable life',
    (stableMs) => {
      const sim = simulate([appSettings({ instances: 1, restart: { backoff: { initialMs: 1 } } })])
      sim.bootAll()
      sim.advance(stableMs)
      for (let crash = 0; crash < 6; crash += 1) {
        sim.bootAll()
        sim.exit(sim.workers('ready')[0] ?? 0)
        sim.advance(100)
      }
      expect(sim.eventsOf('gate.opened')).toMatchObject([
        { slot: 0, cause: 'crash-window', crashes: 6, retryInMs: 30_000 },
        { slot: null },
      ])
      expect(sim.alive.size).toBe(0)
    },
  )

  it('opens the gate of the app when many slots crash, and leaves ready workers alone', () => {
    const sim = simulate([
      appSettings({ instances: 8, restart: { window: { maxRestarts: 100 }, backoff: { initialMs: 1, maxMs: 5 } } }),
    ])
    sim.bootAll()
    for (let crash = 0; crash < 17; crash += 1) {
      sim.exit(sim.workers('ready')[0] ?? 0)
      sim.advance(10)
      if (crash < 16) sim.bootAll()
    }
    expect(sim.eventsOf('gate.opened')).toMatchObject([{ slot: null, cause: 'storm-budget' }])
    expect(sim.workers('ready')).toHaveLength(7)
    expect(sim.alive.size).toBe(7)
  })

  it('lets one trial through after 30 s; when it stays stable the gate closes and all slots return', () => {
    const sim = stormed()
    sim.advance(30_000)
    expect(sim.workers('booting')).toHaveLength(1)
    sim.bootAll()
    sim.advance(29_999)
    expect(sim.alive.size).toBe(1)
    sim.advance(1)
    expect(sim.eventsOf('gate.closed').length).toBeGreaterThan(0)
    expect(sim.alive.size).toBe(2)
  })

  it('exits 70 in the foreground after 60 s without a ready worker behind an open gate', () => {
    const sim = stormed()
    for (let second = 0; second < 70 && sim.exitCode === null; second += 1) {
      for (const id of sim.workers('booting')) sim.exit(id)
      sim.advance(1_000)
    }
    expect(sim.exitCode).toBe(70)
  })

  it('probes for ever when it is detached', () => {
    const sim = stormed(false)
    for (let second = 0; second < 3_600; second += 1) {
      for (const id of sim.workers('booting')) sim.exit(id)
      sim.advance(1_000)
    }
    expect(sim.exitCode).toBeNull()
    expect(sim.eventsOf('gate.trialStarted').length).toBeLessThan(20)
  })

  it('counts a fork that fails as a crash of the slot, and goes on', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.exit(1)
    sim.exit(3, { forkError: 'EAGAIN' })
    expect(sim.eventsOf('worker.exited').at(-1)).toMatchObject({
      exit: { kind: 'fork-failed', errorCode: 'EAGAIN' },
      after: { do: 'restart' },
    })
    sim.advance(2_000)
    expect(sim.workers('booting')).toHaveLength(1)
  })

  function stormed(foreground = true) {
    const sim = simulate([appSettings({ instances: 2, restart: { backoff: { initialMs: 1, maxMs: 5 } } })], {
      foreground,
    })
    sim.bootAll()
    for (let round = 0; sim.app().gate.status === 'closed' && round < 50; round += 1) {
      sim.bootAll()
      for (const id of sim.workers('ready')) sim.exit(id)
      sim.advance(50)
    }
    for (const id of sim.workers('booting')) sim.exit(id)
    return sim
  }
})

describe('policy', () => {
  it.each([
    ['on-failure', 0, 0],
    ['never', 0, 0],
    ['never', 3, 3],
    ['always', 78, 78],
  ] as const)('%s: all workers ended with %i, so does the supervisor with %i', (policy, code, expected) => {
    const sim = simulate([appSettings({ instances: 2, restart: { policy } })])
    sim.bootAll()
    for (const id of sim.workers('ready')) sim.exit(id, { code })
    expect(sim.exitCode).toBe(expected)
    expect(sim.eventsOf('worker.forked')).toHaveLength(2)
  })
})

describe('stop', () => {
  it('drains all at once and exits 0 when the last has gone', () => {
    const sim = simulate([appSettings()])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    expect(sim.workers('draining')).toEqual([1, 2])
    sim.exit(1, { code: 0 })
    expect(sim.exitCode).toBeNull()
    sim.exit(2, { code: 0 })
    expect(sim.exitCode).toBe(0)
  })

  it('signals what is left killAfter before the deadline and kills it at the deadline', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    sim.advance(22_999)
    expect(sim.workers('draining')).toEqual([1])
    sim.advance(1)
    expect(sim.commands.at(-1)).toMatchObject({ type: 'signal', signal: 'SIGTERM' })
    sim.advance(2_000)
    expect(sim.commands.at(-1)).toMatchObject({ type: 'signal', signal: 'SIGKILL' })
  })

  it('kills at once when it is forced, and exits 128 + signal', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGINT', force: false })
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGINT', force: true })
    expect(sim.commands.at(-1)).toMatchObject({ type: 'signal', signal: 'SIGKILL' })
    sim.exit(1, { signal: 'SIGKILL' })
    expect(sim.exitCode).toBe(130)
  })

  it('stops dependants before what they depend on', () => {
    const sim = simulate([
      appSettings({ name: 'db', instances: 1 }),
      appSettings({ name: 'web', instances: 1, dependsOn: ['db'] }),
    ])
    sim.listen(1, 5432)
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    expect(sim.workers('draining', 'web')).toEqual([2])
    expect(sim.workers('ready', 'db')).toEqual([1])
    sim.exit(2, { code: 0 })
    expect(sim.workers('draining', 'db')).toEqual([1])
  })

  it('parks a slot that is stopped alone, and keeps it so after its worker has gone', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: 'web', slot: 1, cause: 'request', force: false })
    sim.exit(2, { code: 0 })
    sim.advance(600_000)
    expect([...sim.alive.keys()]).toEqual([1])
    expect(sim.exitCode).toBeNull()
  })

  it('starts nothing while it stops, whatever crashes', () => {
    const sim = simulate([appSettings({ instances: 3 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    for (const id of [1, 2, 3]) sim.exit(id, { signal: 'SIGSEGV' })
    sim.advance(60_000)
    expect(sim.eventsOf('worker.forked')).toHaveLength(3)
    expect(sim.exitCode).toBe(0)
  })
})

describe('reload', () => {
  it('replaces one slot after the other, new before old, and never has fewer ready than before', () => {
    const sim = simulate([appSettings({ instances: 3 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    for (let round = 0; round < 20 && sim.app().rollout !== null; round += 1) {
      expect(sim.alive.size).toBeLessThanOrEqual(4)
      sim.bootAll()
      sim.advance(1_000)
      expect(sim.workers('ready').length).toBeGreaterThanOrEqual(3)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ generation: 2, request: 'r1' }])
    expect(sim.eventsOf('reload.slotReplaced').map(({ slot }) => slot)).toEqual([0, 1, 2])
    expect(sim.app().slots.map(({ current }) => current?.generation)).toEqual([2, 2, 2])
  })

  it('turns back at the first failure: the new worker goes, the replaced slots return to the old release', () => {
    const broken = appSettings({ instances: 2, args: ['new'] })
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: broken })
    sim.bootAll()
    sim.advance(1_000)
    sim.exit(1, { code: 0 })
    const second = sim.workers('booting')[0] ?? 0
    sim.exit(second, { code: 1 })
    for (let round = 0; round < 20 && sim.app().rollout !== null; round += 1) {
      sim.bootAll()
      sim.advance(1_000)
      expect(sim.workers('ready').length).toBeGreaterThanOrEqual(2)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([
      { request: 'r1', kept: 2, failure: { slot: 1, reason: 'boot-failure' } },
    ])
    expect(sim.app().slots.map(({ current }) => current?.generation)).toEqual([1, 1])
    expect(sim.app().settings.args).toEqual([])
  })

  it('fails a new worker that survives its boot but not minReady', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.bootAll()
    sim.advance(999)
    sim.exit(2, { code: 1 })
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([{ failure: { reason: 'boot-failure' } }])
    expect(sim.workers('ready')).toEqual([1])
  })

  it('fails a new worker that misses a port of the old generation, and names the port', () => {
    const sim = simulate([appSettings({ instances: 1 })])
    sim.listen(1, 3000)
    sim.listen(1, 9000)
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.listen(2, 3000)
    sim.advance(30_000)
    sim.exit(2, { signal: 'SIGTERM' })
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([
      { failure: { reason: 'missing-port', missing: ['9000'] } },
    ])
    expect(sim.workers('ready')).toEqual([1])
  })

  it('replaces a crash in the generation that the slot belongs to', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({
      type: 'reload.requested',
      app: 'web',
      request: 'r1',
      settings: appSettings({ instances: 2, args: ['new'] }),
    })
    sim.exit(2, { signal: 'SIGKILL' })
    sim.bootAll()
    sim.advance(1_000)
    const forks = sim.commands.filter((command) => command.type === 'fork')
    for (const fork of forks) expect(fork.settings.args).toEqual(fork.generation === 2 ? ['new'] : [])
  })

  it('refuses a second one and names the first', () => {
    const sim = simulate([appSettings()])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r2', settings: null })
    expect(sim.eventsOf('request.refused')).toMatchObject([
      { request: 'r2', reason: 'a reload (r1) is running; wait for it, or add --supersede' },
    ])
  })

  it('ends when the supervisor stops', () => {
    const sim = simulate([appSettings()])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
    expect(sim.eventsOf('reload.superseded')).toMatchObject([{ request: 'r1', by: 'stop' }])
    for (const id of [...sim.alive.keys()]) sim.exit(id, { code: 0 })
    expect(sim.exitCode).toBe(0)
  })

  it('keeps what works when the old release can not boot any more', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'reload.requested', app: 'web', request: 'r1', settings: null })
    sim.bootAll()
    sim.advance(1_000)
    sim.exit(1, { code: 0 })
    for (let round = 0; round < 30 && sim.app().rollout !== null; round += 1) {
      for (const id of sim.workers('booting')) sim.exit(id, { code: 1 })
      sim.advance(10_000)
    }
    expect(sim.eventsOf('reload.rolledBack')).toHaveLength(1)
    expect(sim.workers('ready')).toHaveLength(2)
  })
})

describe('restart', () => {
  it('replaces slot after slot, old before new', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.advance(1)
    sim.send({ type: 'restart.requested', app: 'web', slot: null, request: 'r1' })
    expect(sim.workers('draining')).toEqual([1])
    expect(sim.workers('booting')).toEqual([])
    sim.exit(1, { code: 0 })
    sim.bootAll()
    sim.advance(1_000)
    expect(sim.workers('draining')).toEqual([2])
    sim.exit(2, { code: 0 })
    sim.bootAll()
    sim.advance(1_000)
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ request: 'r1' }])
  })

  it('brings a stopped slot back, alone', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'stop.requested', app: 'web', slot: 1, cause: 'request', force: false })
    sim.exit(2, { code: 0 })
    sim.send({ type: 'restart.requested', app: 'web', slot: 1, request: 'r1' })
    sim.bootAll()
    sim.advance(1_000)
    expect(sim.workers('ready')).toEqual([1, 3])
  })

  it('ends at a slot that does not come back', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.advance(1)
    sim.send({ type: 'restart.requested', app: 'web', slot: null, request: 'r1' })
    sim.exit(1, { code: 0 })
    sim.exit(3, { code: 1 })
    expect(sim.eventsOf('restart.failed')).toMatchObject([
      { request: 'r1', failure: { slot: 0, reason: 'boot-failure' } },
    ])
    expect(sim.workers('ready')).toEqual([2])
  })
})

describe('scale', () => {
  it('adds slots and removes the highest ones, one by one', () => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.bootAll()
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'relative', count: 2 }, request: 's1' })
    sim.bootAll()
    expect(sim.workers('ready')).toHaveLength(4)
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'absolute', count: 1 }, request: 's2' })
    expect(sim.workers('draining')).toEqual([4])
    sim.exit(4, { code: 0 })
    expect(sim.workers('draining')).toEqual([3])
    sim.exit(3, { code: 0 })
    sim.exit(2, { code: 0 })
    expect(sim.app().slots.map(({ number }) => number)).toEqual([0])
    expect(sim.eventsOf('app.scaled')).toMatchObject([
      { from: 2, to: 4 },
      { from: 4, to: 1 },
    ])
  })

  it.each([
    [{ by: 'absolute', count: 0 }, '0 workers: at least 1; use `resil stop web` for none'],
    [{ by: 'relative', count: -9 }, '-7 workers: at least 1; use `resil stop web` for none'],
    [{ by: 'absolute', count: 5_000 }, '5000 workers: at most 1024'],
  ] as const)('refuses %o', (to, reason) => {
    const sim = simulate([appSettings({ instances: 2 })])
    sim.send({ type: 'scale.requested', app: 'web', to, request: 's1' })
    expect(sim.eventsOf('request.refused')).toMatchObject([{ reason }])
  })
})
