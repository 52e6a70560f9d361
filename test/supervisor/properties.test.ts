// Whatever happens, in whatever order: the invariants of docs/architecture.md that the core alone can keep (1 to 11, 14).
// Invariants 1, 5 and 7 are checked by the simulation after each single step, 2 and 3 by a guard beside it.

import { describe, expect, it, vi } from 'vitest'
import type { AppSettings, ProbeName, ProbeSettings } from '../../src/config/settings.ts'
import { budgetOf, floorOf } from '../../src/supervisor/disruption-budget.ts'
import type { Input } from '../../src/supervisor/inputs.ts'
import { nextDeadline } from '../../src/supervisor/next-deadline.ts'
import { patienceMs } from '../../src/supervisor/rollout-pace.ts'
import { type App, allWorkers, readyCount } from '../../src/supervisor/state/app.ts'
import { generationOf } from '../../src/supervisor/state/slot.ts'
import { initialState } from '../../src/supervisor/state/supervisor.ts'
import { isReady } from '../../src/supervisor/state/worker.ts'
import { step } from '../../src/supervisor/step.ts'
import { fc } from '../support/property.ts'
import { appSettings, type Simulation, simulate, supervisorSettings } from '../support/simulation.ts'

type Act =
  | { do: 'advance'; ms: number }
  | { do: 'boot'; pick: number }
  | { do: 'load'; pick: number }
  | { do: 'crash'; pick: number; code: number | null }
  | { do: 'fork-failure'; pick: number }
  | { do: 'finish-leaving' }
  | { do: 'reload'; supersede: boolean; settings: AppSettings | null; allowPortChange: boolean }
  /** A release that forgets a port, or has another one. */
  | { do: 'listen-elsewhere'; pick: number }
  | { do: 'restart'; slot: number | null; supersede: boolean }
  | { do: 'scale'; to: number }
  | { do: 'stop-slot'; slot: number }
  | { do: 'beat'; pick: number; requests: number }
  | { do: 'probe'; pick: number; name: ProbeName; ok: boolean }
  | { do: 'sample'; mb: number[]; cpuShare: number | null }
  /** Seconds in which all beat but some. */
  | { do: 'live'; seconds: number; silent: number[] }
  | { do: 'seen'; seen: (typeof SEEN)[number] }
  | { do: 'sleep'; ms: number }

const MB = 2 ** 20

/** What looks at suspects show from now on. */
const SEEN = [{}, { state: 'T' }, { state: 'R' }, { heldBy: 'debugger' }, { connected: false }] as const

const PROBE: ProbeSettings = {
  ask: { by: 'ipc' },
  intervalMs: 1_000,
  timeoutMs: 500,
  failureThreshold: 2,
  successThreshold: 1,
}

const NO_PROBES = { startup: null, liveness: null, readiness: null }

const anyApp: fc.Arbitrary<AppSettings> = fc
  .record({
    instances: fc.integer({ min: 1, max: 4 }),
    policy: fc.constantFrom('always' as const, 'always' as const, 'on-failure' as const),
    onExhausted: fc.constantFrom('probe' as const, 'hold' as const),
    surge: fc.integer({ min: 1, max: 2 }),
    rollback: fc.boolean(),
    canary: fc.option(
      fc.record({
        instances: fc.integer({ min: 1, max: 3 }),
        observeMs: fc.integer({ min: 1_000, max: 60_000 }),
        maxErrorRate: fc.constant(0.01),
        maxLagP99Ms: fc.constant(100),
      }),
    ),
    standby: fc.constantFrom(0, 0, 1, 2),
    probes: fc.record({
      startup: fc.constantFrom(null, null, PROBE),
      liveness: fc.constantFrom(null, PROBE),
      readiness: fc.constantFrom(null, PROBE),
    }),
    recycle: fc.option(
      fc.record({
        maxAgeMs: fc.option(fc.integer({ min: 15_000, max: 100_000 })),
        maxRequests: fc.option(fc.integer({ min: 1, max: 2_000 })),
        jitter: fc.constant(0.2),
        minLifeMs: fc.constant(10_000),
      }),
    ),
  })
  .map(({ instances, policy, onExhausted, surge, rollback, canary, standby, probes, recycle }) =>
    appSettings({
      instances,
      restart: { policy, onExhausted },
      reload: { surge, rollback, canary },
      standby,
      probes,
      recycle,
    }),
  )

/** Silence is longer than the five seconds in which these lives take their steps. */
const watched: AppSettings['watchdogs'] = {
  memory: {
    softBytes: 400 * MB,
    hardBytes: 500 * MB,
    sustainMs: 5_000,
    predict: true,
    action: 'replace',
    sharedBytes: null,
  },
  cpu: { share: 0.9, sustainMs: 5_000, action: 'replace' },
  eventLoop: null,
  hang: { suspectAfterMs: 6_000, replaceAfterMs: 15_000, evidence: 'stack', action: 'auto' },
  descriptors: { share: 0.9, sustainMs: 5_000, action: 'auto' },
}
const anyWatchedApp = fc
  .tuple(anyApp, fc.boolean(), fc.constantFrom(null, null, { surge: 0, maxUnavailable: 1 }, { maxUnavailable: 2 }))
  .map(([app, isWatched, budget]) => ({
    ...app,
    watchdogs: isWatched ? watched : app.watchdogs,
    reload: { ...app.reload, ...budget },
  }))

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('boot' as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('load' as const), pick: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      pick: fc.nat(20),
      code: fc.constantFrom(null, 0, 1, 78),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork-failure' as const), pick: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'finish-leaving' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reload' as const),
      supersede: fc.boolean(),
      settings: fc.option(anyWatchedApp),
      allowPortChange: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('listen-elsewhere' as const), pick: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      slot: fc.constantFrom(null, 0, 1),
      supersede: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('scale' as const), to: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop-slot' as const), slot: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('beat' as const), pick: fc.nat(20), requests: fc.nat(2_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('probe' as const),
      pick: fc.nat(20),
      name: fc.constantFrom('startup' as const, 'liveness' as const, 'readiness' as const),
      ok: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sample' as const),
      mb: fc.array(fc.nat(600), { minLength: 1, maxLength: 5 }),
      cpuShare: fc.option(fc.double({ min: 0, max: 4, noNaN: true })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('live' as const),
      seconds: fc.nat(15),
      silent: fc.array(fc.nat(5), { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('seen' as const), seen: fc.constantFrom(...SEEN) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.nat(60_000) }) },
)

function picked(sim: Simulation, pick: number): number | undefined {
  const ids = [...sim.alive.keys()]
  return ids[pick % Math.max(1, ids.length)]
}

/** More for a campaign: RESIL_PROPERTY_RUNS=20000. */
const RUNS = Number(process.env.RESIL_PROPERTY_RUNS ?? 150)
/** Work, all of it: a machine that is busy with something else takes long, and does not hang. */
vi.setConfig({ testTimeout: RUNS * 2_000 })

let requests = 0

function act(sim: Simulation, it: Act): void {
  switch (it.do) {
    case 'advance':
      return sim.advance(it.ms)
    case 'boot': {
      const booting = sim.workers('booting')
      const id = booting[it.pick % Math.max(1, booting.length)]
      return id === undefined ? undefined : boot(sim, id)
    }
    case 'load': {
      const id = picked(sim, it.pick)
      return id === undefined ? undefined : sim.send({ type: 'worker.loaded', worker: id })
    }
    case 'crash': {
      const id = picked(sim, it.pick)
      if (id !== undefined) sim.exit(id, it.code === null ? { signal: 'SIGKILL' } : { code: it.code })
      return
    }
    case 'fork-failure': {
      const booting = sim.workers('booting')
      const id = booting[it.pick % Math.max(1, booting.length)]
      return id === undefined ? undefined : sim.exit(id, { forkError: 'EAGAIN' })
    }
    case 'finish-leaving':
      for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
      return
    case 'reload':
      requests += 1
      return sim.send({
        type: 'reload.requested',
        app: 'web',
        request: `r${requests}`,
        settings: it.settings,
        supersede: it.supersede,
        allowPortChange: it.allowPortChange,
      })
    case 'listen-elsewhere': {
      const booting = sim.workers('booting')
      const id = booting[it.pick % Math.max(1, booting.length)]
      return id === undefined ? undefined : sim.listen(id, 4000)
    }
    case 'restart':
      requests += 1
      return sim.send({
        type: 'restart.requested',
        app: 'web',
        slot: it.slot,
        request: `r${requests}`,
        supersede: it.supersede,
      })
    case 'scale':
      requests += 1
      return sim.send({
        type: 'scale.requested',
        app: 'web',
        to: { by: 'absolute', count: it.to },
        request: `r${requests}`,
      })
    case 'probe': {
      const id = picked(sim, it.pick)
      if (id !== undefined) probe(sim, id, it.name, it.ok)
      return
    }
    case 'beat': {
      const id = picked(sim, it.pick)
      if (id !== undefined) beat(sim, id, it.requests)
      return
    }
    case 'sample':
      return sample(sim, it.mb, it.cpuShare)
    case 'live':
      for (let second = 0; second < it.seconds; second += 1) {
        sim.advance(1_000)
        for (const id of sim.alive.keys()) if (!it.silent.includes(id % 5)) beat(sim, id, 0)
      }
      return
    case 'seen':
      sim.examined = () => it.seen
      return
    case 'sleep':
      sim.stall(it.ms)
      return sim.send({ type: 'supervisor.overslept', lateMs: it.ms })
    case 'stop-slot':
      return sim.send({ type: 'stop.requested', app: 'web', slot: it.slot, cause: 'request', force: false })
  }
}

function probe(sim: Simulation, worker: number, name: ProbeName, ok: boolean): void {
  sim.send({ type: 'probe.answered', worker, probe: name, ok, detail: '' })
}

function boot(sim: Simulation, id: number): void {
  const standby = sim.app().reserve.leaving.some((worker) => worker.id === id)
  if (standby) sim.send({ type: 'worker.held', worker: id })
  else sim.listen(id)
  for (const name of ['startup', 'readiness'] as const) probe(sim, id, name, true)
}

function sample(sim: Simulation, mb: readonly number[], cpuShare: number | null): void {
  const samples = [...sim.alive.keys()].map((worker) => ({
    worker,
    rssBytes: (mb[worker % mb.length] ?? 0) * MB,
    cpuShare,
  }))
  sim.send({ type: 'workers.sampled', samples })
}

function beat(sim: Simulation, worker: number, requests: number): void {
  const vitals = { heapUsed: 1, delayP99Ms: requests, utilization: 0, connections: 0 }
  // Some fail all that they answer, so that canaries fail too.
  const responses = { answered: requests, failed: requests % 3 === 0 ? requests : 0 }
  sim.send({ type: 'worker.beat', worker, requests, responses, ...vitals })
}

/** Whoever is asked to leave for these was ready to serve, and nobody forced resil: invariants 2 and 3. */
const PLANNED = new Set(['reload', 'scale', 'age', 'requests', 'memory', 'lag', 'cpu'])

/** Looks after each step at what it has planned: that there are enough left, and not too many on their way out. */
function budgetGuard(): (sim: Simulation) => void {
  let seen = 0
  let served = new Set<number>()
  const planned = new Set<number>()
  return (sim) => {
    const app = sim.app()
    const fresh = sim.events.slice(seen)
    seen = sim.events.length
    for (const event of fresh) {
      // Whoever gets no traffic any more is not missed.
      if (event.type === 'worker.suspected' || event.type === 'worker.rotated') served.delete(event.worker.id)
    }
    const leaving = new Map(allWorkers(app).map((worker) => [worker.id, worker]))
    let plans = 0
    /** Out of rotation, or suspect, since the last plan of this step: they were there when it was made. */
    let lostSince = 0
    for (const event of fresh) {
      const out = event.type === 'worker.suspected' || (event.type === 'worker.rotated' && !event.inRotation)
      if (out && app.slots.some(({ current }) => current?.id === event.worker.id)) lostSince += 1
      if (event.type !== 'worker.draining' || !PLANNED.has(event.cause) || !served.has(event.worker.id)) continue
      if (leaving.get(event.worker.id)?.due?.how === 'end') continue
      plans += 1
      lostSince = 0
      planned.add(event.worker.id)
    }
    if (plans > 0) {
      const budget = Math.max(1, budgetOf(app).maxUnavailable)
      const inFlight = [...planned].filter((id) => leaving.get(id)?.stage.status === 'draining').length
      // A restart promises old before new, so it takes one whatever the floor says; also in this very step.
      const restarted = fresh.some((event) => event.type === 'worker.draining' && event.cause === 'restart')
      const ready = readyCount(app) + lostSince
      if (!restarted && ready < floorOf(app))
        throw new Error(`(2) ${ready} ready after a planned removal, less than the floor of ${floorOf(app)}`)
      if (inFlight > budget) throw new Error(`(3) ${inFlight} planned removals in flight, more than ${budget}`)
    }
    // A surge worker that is taken back is none that anybody counted on.
    served = new Set(app.slots.flatMap(({ current }) => (isReady(current) && current !== null ? [current.id] : [])))
  }
}

const anyLife = fc.record({
  app: anyWatchedApp,
  acts: fc.array(anyAct, { maxLength: 60 }),
  seed: fc.integer(),
  cpus: fc.integer({ min: 1, max: 4 }),
})

function live({ app, acts, seed, cpus }: { app: AppSettings; acts: Act[]; seed: number; cpus: number }): Simulation {
  const sim = simulate([app], { seed, cpus, foreground: false, onStep: budgetGuard() })
  for (const next of acts) act(sim, next)
  return sim
}

/** What goes wrong, again and again: of a hundred workers so many boot, crash, leave when they are told, are heard of, pass. */
interface Trouble {
  readonly release: AppSettings | null
  readonly boot: number
  readonly crash: number
  readonly leave: number
  readonly beat: number
  readonly pass: number
  readonly seen: (typeof SEEN)[number]
}

const oftenOrNever = fc.constantFrom(0, 10, 50, 90, 100)
const anyTrouble: fc.Arbitrary<Trouble> = fc.record({
  release: fc.option(anyWatchedApp),
  boot: oftenOrNever,
  crash: fc.constantFrom(0, 0, 10, 50),
  leave: oftenOrNever,
  beat: oftenOrNever,
  pass: oftenOrNever,
  seen: fc.constantFrom(...SEEN),
})

function suffer(sim: Simulation, trouble: Trouble): void {
  // Its own dice: the same worker fares differently from one moment to the next.
  const happens = (id: number, of: number) => ((id * 7_919 + Math.floor(sim.now / 1_000) * 104_729) % 1_009) % 100 < of
  for (const id of [...sim.alive.keys()]) {
    if (happens(id + 1, trouble.beat)) beat(sim, id, 0)
    for (const name of ['liveness', 'readiness'] as const) probe(sim, id, name, happens(id + 2, trouble.pass))
    if (happens(id + 3, trouble.crash)) sim.exit(id, { code: 1 })
  }
  for (const id of sim.workers('booting')) if (happens(id, trouble.boot)) boot(sim, id)
  for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) {
    if (happens(id, trouble.leave)) sim.exit(id, { code: 0 })
  }
}

/** Every slot serves in one and the same release, and nobody comes or goes. */
function isWell({ phase, rollout, slots, generation }: App): boolean {
  if (phase.status !== 'active' || rollout !== null) return false
  return slots.every(
    ({ current, next, leaving }) =>
      isReady(current) && current?.generation === generation && next === null && leaving.length === 0,
  )
}

function isUnderWay(sim: Simulation, request: string): boolean {
  return sim.app().rollout?.request === request
}

/** On each leg (there, a canary and past it, back, and three attempts more of that) each slot has its time once. */
function longestRolloutMs(sim: Simulation): number {
  const { rollout, slots } = sim.app()
  const observeMs = rollout?.kind === 'reload' ? (rollout.canary?.limits.observeMs ?? 0) : 0
  return 8 * (slots.length + 2) * patienceMs(sim.state, sim.app()) + observeMs
}

describe('any life of an app', () => {
  it('each fork has exactly one exit, and messages of the dead change nothing (6)', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const sim = live(life)
        const exits = sim.eventsOf('worker.exited').map(({ worker }) => worker.id)
        expect(new Set(exits).size).toBe(exits.length)
        const forks = sim.commands.flatMap((command) => (command.type === 'fork' ? [command.worker] : []))
        expect([...exits, ...sim.alive.keys()].sort((a, b) => a - b)).toEqual(forks)
        const before = structuredClone(sim.state.apps)
        for (const id of exits) {
          sim.exit(id)
          sim.listen(id)
        }
        expect(sim.state.apps).toEqual(before)
      }),
      { numRuns: RUNS },
    )
  })

  it('is never lost: when faults stop, all wanted workers are ready within the longest wait + boot + deadline (10)', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const sim = live(life)
        if (sim.exitCode !== null || sim.app().phase.status !== 'active') return
        // A gate of `hold`, and slots that ended by policy or by hand, wait for a person.
        if (sim.app().settings.restart.onExhausted === 'hold') return
        // The slowest gate trial is 5 min away, and each slot may need one of its own behind the app's. Who has been well for as
        // long as it takes to be forgiven stays so.
        let wellFor = 0
        for (let round = 0; round < 400 && wellFor < 10; round += 1) {
          sim.bootAll()
          for (const id of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(id, { code: 0 })
          for (const id of sim.alive.keys()) {
            for (const name of ['liveness', 'readiness'] as const) probe(sim, id, name, true)
          }
          for (const id of sim.alive.keys()) beat(sim, id, 0)
          sim.advance(5_000)
          wellFor = isWell(sim.app()) ? wellFor + 1 : 0
        }
        const app = sim.app()
        // Its third boot had failed already when the faults stopped.
        if (app.phase.status === 'failed' && app.phase.reason === 'never-ready') return
        const wanted = app.slots.filter((slot) => slot.current !== null || slot.vacancy.status !== 'parked').length
        // One more, or as many fewer as may be, where a worker is being recycled right now.
        const { maxUnavailable } = app.settings.reload
        expect(readyCount(app)).toBeGreaterThanOrEqual(app.settings.recycle === null ? wanted : wanted - maxUnavailable)
        if (app.settings.recycle === null) expect(readyCount(app)).toBe(wanted)
        expect(app.rollout).toBeNull()
        const generations = new Set(app.slots.map(generationOf))
        // Only what says that it does not clean up leaves two releases behind, and then it knows the settings of both.
        const mayMix = sim.eventsOf('reload.halted').length > 0 || sim.eventsOf('restart.failed').length > 0
        if (!mayMix) expect(generations.size).toBe(1)
        const known = [app.generation, ...app.kept.map(({ generation }) => generation)]
        expect([...generations].filter((generation) => !known.includes(generation))).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('no reload or restart goes on for ever, whatever its workers do, or do not do any more', () => {
    fc.assert(
      fc.property(anyLife, anyTrouble, fc.boolean(), ({ acts, ...life }, trouble, reloads) => {
        const sim = live({ ...life, acts: acts.slice(0, 20) })
        sim.examined = () => trouble.seen
        const asked = { app: 'web', request: 'last', supersede: true } as const
        if (reloads) sim.send({ type: 'reload.requested', ...asked, settings: trouble.release })
        else sim.send({ type: 'restart.requested', ...asked, slot: null })
        const boundMs = longestRolloutMs(sim)
        const since = sim.now
        while (sim.exitCode === null && isUnderWay(sim, 'last')) {
          if (sim.now - since > boundMs) throw new Error(`not ended after ${boundMs} ms`)
          suffer(sim, trouble)
          sim.advance(5_000)
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('ends: after stop nothing is forked, and all are gone by the deadline, whatever ignores its signals (11)', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const sim = live(life)
        if (sim.exitCode !== null) return
        const forks = sim.eventsOf('worker.forked').length
        const began = sim.now
        sim.send({ type: 'stop.requested', app: null, slot: null, cause: 'SIGTERM', force: false })
        // Stubborn workers: only SIGKILL ends them.
        for (let guard = 0; sim.exitCode === null && guard < 1_000; guard += 1) {
          const killed = sim.commands.filter((command) => command.type === 'signal' && command.signal === 'SIGKILL')
          for (const command of killed) {
            if (command.type === 'signal' && sim.alive.has(command.worker))
              sim.exit(command.worker, { signal: 'SIGKILL' })
          }
          const at = nextDeadline(sim.state, sim.now)
          if (at === Number.POSITIVE_INFINITY) break
          sim.advance(Math.max(0, at - sim.now))
        }
        expect(sim.exitCode).toBe(0)
        expect(sim.alive.size).toBe(0)
        expect(sim.eventsOf('worker.forked')).toHaveLength(forks)
        expect(sim.now - began).toBeLessThanOrEqual(25_000 + 1_000)
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps at least the floor: a reload of a healthy app never has fewer ready than instances by its own will (2, 8)', () => {
    fc.assert(
      fc.property(anyApp, fc.array(fc.boolean(), { maxLength: 8 }), (app, boots) => {
        const sim = simulate([app])
        sim.bootAll()
        sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
        for (const succeeds of [...boots, ...Array.from({ length: 30 }, () => true)]) {
          const id = sim.workers('booting')[0]
          if (id !== undefined && succeeds) boot(sim, id)
          else if (id !== undefined) sim.exit(id, { code: 1 })
          sim.advance(1_000)
          expect(sim.workers('ready').length).toBeGreaterThanOrEqual(app.instances)
          const leaving = sim.workers('draining')[0] ?? sim.workers('killing')[0]
          if (leaving !== undefined) sim.exit(leaving, { code: 0 })
          sim.advance(9_000)
        }
        expect(sim.app().rollout).toBeNull()
        if (app.recycle === null) expect(sim.workers('ready')).toHaveLength(app.instances)
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps at least the floor and one removal at a time, whatever supersedes a reload and whatever its canary shows (2, 3, 8)', () => {
    const anyMoment = fc.record({
      boots: fc.boolean(),
      asks: fc.constantFrom('nothing', 'nothing', 'nothing', 'reload', 'supersede'),
      fails: fc.boolean(),
    })
    fc.assert(
      fc.property(anyApp, fc.array(anyMoment, { maxLength: 20 }), (configured, moments) => {
        // A readiness probe may take workers out of rotation by itself.
        const app = { ...configured, probes: { startup: null, liveness: null, readiness: null } }
        const sim = simulate([app])
        sim.bootAll()
        const calm = Array.from({ length: 40 }, () => ({ boots: true, asks: 'nothing', fails: false }))
        for (const [index, { boots, asks, fails }] of [...moments, ...calm].entries()) {
          const request = `r${index}`
          const settings = { ...app, args: [request] }
          if (asks !== 'nothing')
            sim.send({ type: 'reload.requested', app: 'web', request, settings, supersede: asks === 'supersede' })
          const id = sim.workers('booting')[0]
          if (id !== undefined && boots) boot(sim, id)
          else if (id !== undefined) sim.exit(id, { code: 1 })
          for (const worker of sim.workers('ready')) beat(sim, worker, fails ? 300 * index : 300 * index + 1)
          sim.advance(1_000)
          expect(sim.workers('ready').length).toBeGreaterThanOrEqual(app.instances)
          expect(sim.workers('draining').length).toBeLessThanOrEqual(1)
          for (const leaving of [...sim.workers('draining'), ...sim.workers('killing')]) sim.exit(leaving, { code: 0 })
          sim.advance(9_000)
        }
        const { rollout, generation, slots, kept, settings } = sim.app()
        expect(rollout).toBeNull()
        // Halted, or given up to restore: an old release that fails its boot three times is not tried again.
        const gaveUp = sim.eventsOf('reload.rolledBack').some((event) => event.kept < app.instances)
        const halted = sim.eventsOf('reload.halted').length > 0
        const generations = new Set(slots.map(generationOf))
        if (!halted && !gaveUp) expect([...generations]).toEqual([generation])
        const known = [generation, ...kept.map((each) => each.generation)]
        expect([...generations].filter((each) => !known.includes(each))).toEqual([])
        // Each worker runs by the settings of its own generation.
        const started = sim.eventsOf('reload.started').map((event) => [event.generation, event.request])
        for (const command of sim.commands) {
          if (command.type !== 'fork') continue
          const [, request] = started.find(([number]) => number === command.generation) ?? []
          expect(command.settings.args).toEqual(request === undefined ? [] : [request])
        }
        expect(settings.args).toEqual(generation === 1 ? [] : [started.find(([number]) => number === generation)?.[1]])
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps at least the floor while workers of any age and load are recycled, and ends with all of them new (2, 3)', () => {
    fc.assert(
      fc.property(anyApp, fc.array(fc.boolean(), { maxLength: 8 }), (app, boots) => {
        const recycle = { maxAgeMs: 60_000, maxRequests: 100, jitter: 0.2, minLifeMs: 10_000 }
        const sim = simulate([{ ...app, recycle }])
        sim.bootAll()
        const first = sim.workers('ready')
        sim.advance(20_000)
        for (const succeeds of [...boots, ...Array.from({ length: 30 }, () => true)]) {
          for (const id of sim.workers('ready')) beat(sim, id, 150)
          for (const id of sim.workers('booting')) {
            if (succeeds) boot(sim, id)
            else sim.exit(id, { code: 1 })
          }
          expect(sim.workers('ready').length).toBeGreaterThanOrEqual(app.instances)
          expect(sim.workers('draining').length).toBeLessThanOrEqual(1)
          const leaving = sim.workers('draining')[0] ?? sim.workers('killing')[0]
          if (leaving !== undefined) sim.exit(leaving, { code: 0 })
          sim.advance(9_000)
        }
        expect(sim.workers('ready').filter((id) => first.includes(id))).toEqual([])
        expect(sim.app().slots.every(({ restarts }) => restarts === 0)).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps at least the floor while any workers take any memory, as long as new ones boot (2, 3)', () => {
    fc.assert(
      fc.property(
        anyApp,
        fc.array(fc.array(fc.nat(900), { minLength: 1, maxLength: 5 }), { maxLength: 40 }),
        (app, looks) => {
          const sim = simulate([{ ...app, recycle: null, probes: NO_PROBES, watchdogs: { ...watched, hang: null } }])
          sim.bootAll()
          for (const mb of looks) {
            sample(sim, mb, null)
            expect(sim.workers('ready').length).toBeGreaterThanOrEqual(app.instances)
            sim.advance(1_000)
            sim.bootAll()
            expect(sim.workers('ready').length).toBeGreaterThanOrEqual(app.instances)
            const leaving = sim.workers('draining')[0] ?? sim.workers('killing')[0]
            if (leaving !== undefined) sim.exit(leaving, { code: 0 })
          }
          expect(sim.app().slots.every(({ restarts }) => restarts === 0)).toBe(true)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('kills nobody who beats whenever the supervisor is awake, however long and often that sleeps (9)', () => {
    const naps = fc.array(fc.tuple(fc.nat(4_000), fc.option(fc.nat(120_000)), fc.nat(1_500)), { maxLength: 60 })
    fc.assert(
      fc.property(anyApp, naps, fc.constantFrom({ state: 'R' }, { state: 'S' }), (app, steps, seen) => {
        const hang = { suspectAfterMs: 2_500, replaceAfterMs: 10_000, evidence: 'stack', action: 'replace' } as const
        const sim = simulate([{ ...app, recycle: null, probes: NO_PROBES, watchdogs: { ...watched, hang } }])
        sim.examined = () => seen
        sim.bootAll()
        for (const [awakeMs, nap, lateMs] of steps) {
          // Beats may be some seconds late, as on a busy machine; they turn workers suspect at worst.
          sim.advance(awakeMs)
          if (nap !== null) {
            sim.stall(nap)
            // As the loop does: told of a long nap, and what has arrived is read before anybody is judged.
            if (nap > 1_000) sim.send({ type: 'supervisor.overslept', lateMs: nap })
          }
          // Who was asleep as well beats when its own timer comes.
          sim.advance(lateMs)
          for (const id of sim.alive.keys()) beat(sim, id, 0)
        }
        expect(sim.commands.filter(({ type }) => type === 'signal')).toEqual([])
        expect(sim.eventsOf('watchdog.tripped')).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('backs off: the wait of a slot that crashes at boot after boot never shrinks (4)', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 20_000 }), (seed, lifeMs) => {
        const app = appSettings({
          instances: 1,
          restart: { window: { maxRestarts: 1_000 }, storm: { max: 1_000 }, backoff: { jitter: 0 } },
        })
        const sim = simulate([app], { seed })
        sim.bootAll()
        let last = -1
        for (let crash = 0; crash < 12; crash += 1) {
          sim.advance(lifeMs)
          sim.exit(sim.workers('ready')[0] ?? 0)
          const after = sim.eventsOf('worker.exited').at(-1)?.after
          const delayMs = after?.do === 'restart' ? after.delayMs : Number.NaN
          expect(delayMs).toBeGreaterThanOrEqual(last)
          last = delayMs
          sim.advance(delayMs)
          sim.bootAll()
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('step', () => {
  const anyInput: fc.Arbitrary<Input> = fc.oneof(
    fc.constant({ type: 'tick' as const }),
    fc.record({ type: fc.constant('worker.forked' as const), worker: fc.integer(), pid: fc.integer() }),
    fc.record({
      type: fc.constant('worker.listening' as const),
      worker: fc.integer({ min: -1, max: 8 }),
      port: fc.option(fc.integer()),
      address: fc.option(fc.string()),
    }),
    fc.record({
      type: fc.constantFrom('worker.loaded' as const, 'worker.messagedReady' as const),
      worker: fc.integer({ min: -1, max: 8 }),
    }),
    fc.record({
      type: fc.constant('worker.exited' as const),
      worker: fc.integer({ min: -1, max: 8 }),
      code: fc.option(fc.integer()),
      signal: fc.option(fc.string()),
      forkError: fc.option(fc.string()),
      oomKilled: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('stop.requested' as const),
      app: fc.option(fc.constantFrom('web', 'nobody')),
      slot: fc.option(fc.integer()),
      cause: fc.string(),
      force: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('scale.requested' as const),
      app: fc.constantFrom('web', 'nobody'),
      to: fc.record({
        by: fc.constantFrom('absolute' as const, 'relative' as const),
        count: fc.integer({ min: -50, max: 50 }),
      }),
      request: fc.string(),
    }),
    fc.record({
      type: fc.constant('restart.requested' as const),
      app: fc.constantFrom('web', 'nobody'),
      slot: fc.option(fc.integer()),
      request: fc.string(),
    }),
  )

  it('never throws, and gives the same step for the same state, input and time (14)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyInput, fc.nat(100_000)), { maxLength: 40 }), (inputs) => {
        let state = initialState({
          settings: supervisorSettings([appSettings()]),
          foreground: true,
          cpus: 2,
          seed: 7,
          now: 0,
        })
        let now = 0
        for (const [input, ms] of inputs) {
          now += ms
          const before = structuredClone(state)
          const first = step(state, input, now)
          expect(state).toEqual(before)
          expect(step(state, input, now)).toEqual(first)
          state = first.state
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('has nothing more to do when it is asked again at the same time', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const sim = live(life)
        const again = step(sim.state, { type: 'tick' }, sim.now)
        expect(again.commands).toEqual([])
        expect(again.state.apps).toEqual(sim.state.apps)
      }),
      { numRuns: RUNS },
    )
  })
})
