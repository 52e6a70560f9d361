import { describe, expect, it } from 'vitest'
import type { ProbeName, ProbeSettings } from '../../../src/config/settings.ts'
import { judge, type ProbeState } from '../../../src/supervisor/probes/probe-state.ts'
import { readyCount } from '../../../src/supervisor/state/app.ts'
import type { LivenessAlibi } from '../../../src/supervisor/watchdogs/hang.ts'
import { appSettings, type Simulation, simulate } from '../../support/simulation.ts'

const probe: ProbeSettings = {
  ask: { by: 'http', target: '/health' },
  intervalMs: 1_000,
  timeoutMs: 500,
  failureThreshold: 3,
  successThreshold: 1,
}
const none = { startup: null, liveness: null, readiness: null }

function app(probes: Partial<Record<ProbeName, ProbeSettings>>, overrides: object = {}) {
  return appSettings({ instances: 4, probes: { ...none, ...probes }, ...overrides } as never)
}

function answer(sim: Simulation, worker: number, name: ProbeName, ok: boolean, times = 1): void {
  for (let time = 0; time < times; time += 1) {
    sim.send({ type: 'probe.answered', worker, probe: name, ok, detail: `GET /health: ${ok ? 200 : 503}` })
  }
}

function allReady(probes: Partial<Record<ProbeName, ProbeSettings>>, overrides: object = {}): Simulation {
  const sim = simulate([app(probes, overrides)])
  for (let round = 0; round < 4; round += 1) {
    for (const id of sim.workers('booting')) {
      sim.listen(id)
      for (const name of ['startup', 'readiness'] as const) if (name in probes) answer(sim, id, name, true)
    }
  }
  return sim
}

const rotations = (sim: Simulation) =>
  sim.commands.flatMap((command) => (command.type === 'rotate' ? [[command.worker, command.inRotation]] : []))

describe('thresholds', () => {
  it.each<[string, readonly boolean[], ProbeState['passing']]>([
    ['nothing decided before either is reached', [false, false], null],
    ['three failures in a row', [false, false, false], false],
    ['a success in between', [false, false, true, false, false], true],
    ['a success after the failures', [false, false, false, true], true],
    ['failures after a success', [true, false, false, false], false],
  ])('%s', (_, answers, passing) => {
    const state = answers.reduce<ProbeState | null>((before, ok) => judge(before, { ok, detail: '' }, probe), null)
    expect(state?.passing).toBe(passing)
  })

  it('successThreshold asks for successes in a row', () => {
    const strict = { failureThreshold: 1, successThreshold: 2 }
    const passingAfter = (answers: boolean[]) =>
      answers.reduce<ProbeState | null>((before, ok) => judge(before, { ok, detail: '' }, strict), null)?.passing
    expect(passingAfter([false, true])).toBe(false)
    expect(passingAfter([false, true, false, true])).toBe(false)
    expect(passingAfter([false, true, true])).toBe(true)
  })
})

describe('a liveness probe that fails though the worker can not help it', () => {
  function excuse(sim: Simulation, alibi: LivenessAlibi, times: number): void {
    for (let time = 0; time < times; time += 1)
      sim.send({ type: 'probe.answered', worker: 2, probe: 'liveness', ok: false, detail: 'no answer in time', alibi })
  }

  it.each(['debugger', 'stopped', 'diagnosis'] as const)('%s: is told once, and nobody is ended', (alibi) => {
    const sim = allReady({ liveness: probe })
    answer(sim, 2, 'liveness', false, 2)
    excuse(sim, alibi, 20)
    sim.bootAll()
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      {
        watchdog: 'probe',
        action: 'report',
        measured: 3,
        spared: alibi,
        detail: expect.stringMatching(/^liveness: no answer in time; /),
      },
    ])
    expect(sim.eventsOf('worker.replacing')).toEqual([])
    // What it did before does not count either.
    answer(sim, 2, 'liveness', false, 2)
    expect(sim.eventsOf('watchdog.tripped')).toHaveLength(1)
    answer(sim, 2, 'liveness', false)
    expect(sim.eventsOf('watchdog.tripped')).toHaveLength(2)
    expect(sim.eventsOf('watchdog.calmed')).toEqual([])
    answer(sim, 2, 'liveness', true)
    expect(sim.eventsOf('watchdog.calmed')).toMatchObject([{ watchdog: 'probe', worker: { id: 2 } }])
    answer(sim, 2, 'liveness', true)
    expect(sim.eventsOf('watchdog.calmed')).toHaveLength(1)
  })

  it('starved: it has twice the time', () => {
    const sim = allReady({ liveness: probe })
    excuse(sim, 'starved', 5)
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([{ action: 'report', spared: 'starved' }])
    excuse(sim, 'starved', 1)
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([{ action: 'report' }, { action: 'replace' }])
  })

  it('is relieved of what was held against it, when somebody looks at it before its turn', () => {
    const sim = allReady({ liveness: probe })
    answer(sim, 2, 'liveness', false, 3)
    excuse(sim, 'debugger', 1)
    sim.advance(60_000)
    expect(sim.eventsOf('worker.exited')).toEqual([])
    expect(sim.alive.has(2)).toBe(true)
  })
})

describe('a startup probe', () => {
  it('keeps a worker that listens from being ready until it passes', () => {
    const sim = simulate([app({ startup: probe })])
    sim.listen(1)
    expect(sim.workers('ready')).toEqual([])
    answer(sim, 1, 'startup', false, 2)
    expect(sim.workers('ready')).toEqual([])
    answer(sim, 1, 'startup', true)
    expect(sim.workers('ready')).toEqual([1])
  })

  it('that fails ends the boot, and says why', () => {
    const sim = simulate([app({ startup: probe })])
    sim.listen(1)
    answer(sim, 1, 'startup', false, 3)
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      { watchdog: 'probe', action: 'kill', measured: 3, limit: 3, detail: 'startup: GET /health: 503' },
    ])
    expect(sim.eventsOf('worker.signalled')).toMatchObject([{ worker: { id: 1 }, reason: 'startup-probe' }])
    sim.exit(1, { signal: 'SIGTERM' })
    expect(sim.eventsOf('worker.exited')).toMatchObject([{ exit: { kind: 'boot-timeout' }, after: { do: 'restart' } }])
  })

  it('is the sign of readiness by itself where ready.on says so', () => {
    const sim = simulate([app({ startup: probe }, { ready: { on: 'probe' } })])
    answer(sim, 1, 'startup', true)
    expect(sim.eventsOf('worker.ready')).toMatchObject([{ worker: { id: 1 }, by: 'probe' }])
  })

  it('of a new release that fails turns the reload back', () => {
    const sim = allReady({ startup: probe })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
    const [surge] = sim.workers('booting')
    sim.listen(surge as number)
    answer(sim, surge as number, 'startup', false, 3)
    sim.exit(surge as number, { signal: 'SIGTERM' })
    sim.advance(100)
    expect(sim.eventsOf('reload.rolledBack')).toMatchObject([
      { failure: { reason: 'probe-failed', probe: 'startup: GET /health: 503', exit: null } },
    ])
    expect(sim.workers('ready')).toHaveLength(4)
  })
})

describe('a liveness probe', () => {
  it('that fails has the worker replaced, new before old', () => {
    const sim = allReady({ liveness: probe })
    answer(sim, 2, 'liveness', false, 2)
    expect(sim.eventsOf('worker.replacing')).toEqual([])
    answer(sim, 2, 'liveness', false)
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      { action: 'replace', detail: 'liveness: GET /health: 503' },
    ])
    expect(sim.eventsOf('worker.replacing')).toMatchObject([{ worker: { id: 2 }, cause: 'liveness' }])
    const [surge] = sim.workers('booting')
    sim.listen(surge as number)
    expect(sim.eventsOf('worker.replaced')).toMatchObject([{ worker: { id: 2 }, by: { id: surge } }])
    expect(sim.workers('draining')).toEqual([2])
  })

  it('that passes again in time spares the worker', () => {
    const sim = allReady({ liveness: probe })
    answer(sim, 2, 'liveness', false, 3)
    const [surge] = sim.workers('booting')
    answer(sim, 2, 'liveness', true)
    sim.listen(surge as number)
    expect(sim.eventsOf('worker.replaced')).toEqual([])
    expect(sim.app().slots[1]?.current?.id).toBe(2)
  })

  it('means nothing while the worker boots', () => {
    const sim = simulate([app({ liveness: probe })])
    answer(sim, 1, 'liveness', false, 5)
    sim.listen(1)
    expect(sim.app().slots[0]?.current?.probes.liveness).toBeNull()
    expect(sim.eventsOf('watchdog.tripped')).toEqual([])
  })

  it('that fails for more than half of the workers at once is not believed for a moment, then they go one at a time', () => {
    const sim = allReady({ liveness: probe })
    for (const id of [1, 2, 3]) answer(sim, id, 'liveness', false, 3)
    // The first two failed before it was more than half.
    const before = sim.eventsOf('worker.replacing').map(({ worker }) => worker.id)
    expect(before).toEqual([1])
    expect(sim.workers('draining')).toEqual([])
    sim.advance(2_500)
    sim.bootAll()
    for (let round = 0; round < 10; round += 1) {
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
      sim.bootAll()
      sim.advance(1_000)
      expect(sim.workers('draining').length).toBeLessThanOrEqual(1)
    }
    expect(
      sim
        .eventsOf('worker.replaced')
        .map(({ worker }) => worker.id)
        .sort(),
    ).toEqual([1, 2, 3])
    expect(sim.workers('ready')).toHaveLength(4)
  })

  it('that fails for all at once and passes again at once ends nobody', () => {
    const sim = allReady(
      { liveness: { ...probe, failureThreshold: 1 } },
      { instances: 3, reload: { surge: 0, maxUnavailable: 1 } },
    )
    const ids = sim.workers('ready')
    // All in one moment: what the first two alone would lead to takes longer than that.
    for (const id of ids) answer(sim, id, 'liveness', false)
    sim.advance(1_000)
    for (const id of ids) answer(sim, id, 'liveness', true)
    sim.advance(60_000)
    expect(sim.workers('ready')).toEqual(ids)
  })
})

describe('a readiness probe', () => {
  it('keeps connections from a worker until it passes for the first time', () => {
    const sim = simulate([app({ readiness: probe })])
    expect(rotations(sim)).toEqual([1, 2, 3, 4].map((id) => [id, false]))
    sim.listen(1)
    expect(sim.workers('ready')).toEqual([])
    answer(sim, 1, 'readiness', true)
    expect(sim.workers('ready')).toEqual([1])
    expect(rotations(sim).at(-1)).toEqual([1, true])
    expect(sim.eventsOf('worker.rotated')).toEqual([])
  })

  it('that fails takes the worker out of rotation, without ending it, and lets it back in', () => {
    const sim = allReady({ readiness: probe })
    answer(sim, 3, 'readiness', false, 3)
    expect(rotations(sim).at(-1)).toEqual([3, false])
    expect(sim.eventsOf('worker.rotated')).toMatchObject([
      { worker: { id: 3 }, inRotation: false, detail: 'GET /health: 503' },
    ])
    expect(readyCount(sim.app())).toBe(3)
    sim.advance(600_000)
    expect(sim.alive.size).toBe(4)
    answer(sim, 3, 'readiness', true)
    expect(rotations(sim).at(-1)).toEqual([3, true])
    expect(readyCount(sim.app())).toBe(4)
  })

  it('that fails for more than half of the workers takes nobody out, and lets those back in that were', () => {
    const sim = allReady({ readiness: probe })
    answer(sim, 1, 'readiness', false, 3)
    answer(sim, 2, 'readiness', false, 3)
    expect(readyCount(sim.app())).toBe(2)
    answer(sim, 3, 'readiness', false, 3)
    expect(readyCount(sim.app())).toBe(4)
    answer(sim, 3, 'readiness', true)
    expect(readyCount(sim.app())).toBe(2)
  })

  it('of the only worker never takes it out', () => {
    const sim = allReady({ readiness: probe }, { instances: 1 })
    answer(sim, 1, 'readiness', false, 10)
    expect(readyCount(sim.app())).toBe(1)
  })

  it('of a surge worker that fails before it took over turns the reload back', () => {
    const sim = allReady({ readiness: probe }, { instances: 2 })
    sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
    const [surge] = sim.workers('booting')
    sim.listen(surge as number)
    answer(sim, surge as number, 'readiness', true)
    sim.advance(500)
    expect(sim.workers('warming')).toEqual([surge])
    answer(sim, surge as number, 'readiness', false, 3)
    sim.advance(600)
    for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    sim.advance(100)
    expect(sim.eventsOf('reload.rolledBack')).toHaveLength(1)
  })
})
