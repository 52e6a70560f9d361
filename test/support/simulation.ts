// A world without processes for the pure core: a clock that only moves when told, and workers that do what the test says.

import type { AppSettings, Settings } from '../../src/config/settings.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import { STANDBY_SLOT } from '../../src/events/worker-ref.ts'
import type { Command } from '../../src/supervisor/commands.ts'
import type { Input } from '../../src/supervisor/inputs.ts'
import { violations } from '../../src/supervisor/invariants.ts'
import { nextDeadline } from '../../src/supervisor/next-deadline.ts'
import { type App, allWorkers } from '../../src/supervisor/state/app.ts'
import { initialState, type SupervisorState } from '../../src/supervisor/state/supervisor.ts'
import { step } from '../../src/supervisor/step.ts'
import type { Examination } from '../../src/supervisor/watchdogs/hang.ts'

type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T

/** An app's settings with the defaults of the config. */
export function appSettings(overrides: DeepPartial<AppSettings> = {}): AppSettings {
  const defaults: AppSettings = {
    name: 'web',
    script: '/app/server.js',
    realScript: '/app/server.js',
    args: [],
    cwd: '/app',
    nodeArgs: [],
    baseEnv: null,
    env: {},
    instances: 2,
    instancesReason: 'test',
    ready: { on: 'auto', timeoutMs: 30_000, minReadyMs: 1_000 },
    restart: {
      policy: 'always',
      backoff: { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: 0.25 },
      window: { maxRestarts: 5, withinMs: 60_000 },
      storm: { max: 'auto', halfLifeMs: 60_000 },
      stableAfterMs: 30_000,
      stopExitCodes: [78],
      onExhausted: 'probe',
    },
    shutdown: { deadlineMs: 25_000, signal: 'SIGTERM', killAfterMs: 2_000, readinessDelayMs: 0, idleWaitMs: 2_000 },
    reload: { surge: 1, maxUnavailable: 0, cooldownMs: 0, rollback: true, canary: null },
    standby: 0,
    // Nobody beats or is measured here unless a test says so.
    watchdogs: { memory: null, cpu: null, eventLoop: null, hang: null, descriptors: null },
    agentThread: false,
    fatalReport: false,
    heapLimitBytes: null,
    probes: { startup: null, liveness: null, readiness: null },
    recycle: null,
    dependsOn: [],
    sticky: false,
    hooks: {},
    reusePort: false,
    captureOutput: true,
    chaosAllowed: false,
  }
  const merged = { ...defaults, ...overrides } as Record<string, unknown>
  for (const section of ['ready', 'restart', 'shutdown', 'reload'] as const) {
    merged[section] = { ...defaults[section], ...overrides[section] }
  }
  const { backoff, window, storm } = overrides.restart ?? {}
  merged.restart = {
    ...(merged.restart as object),
    backoff: { ...defaults.restart.backoff, ...backoff },
    window: { ...defaults.restart.window, ...window },
    storm: { ...defaults.restart.storm, ...storm },
  }
  return merged as unknown as AppSettings
}

export function supervisorSettings(apps: readonly AppSettings[]): Settings {
  return {
    name: 'test',
    dir: '/app',
    apps,
    schedule: 'round-robin',
    log: { level: 'info', format: 'pretty', maxSizeBytes: 1_000_000, maxFiles: 3 },
  }
}

type Seen = Omit<Examination, 'at'>

const unremarkable: Seen = { state: 'S', cpuMs: 0, heldBy: null, connected: true }

export interface Simulation {
  readonly now: number
  readonly state: SupervisorState
  readonly events: readonly ResilEvent[]
  readonly commands: readonly Command[]
  /** Workers that were forked and have not ended, by id. */
  readonly alive: ReadonlyMap<number, { readonly slot: number; readonly app: string }>
  readonly exitCode: number | null
  /** What a look at a worker's process shows; else a process that sleeps, and that nobody holds. */
  examined: (worker: number) => Partial<Seen>
  send(input: Input): void
  /** Moves the clock, stopping at each deadline that the core asked for. */
  advance(ms: number): void
  /** Time passes without a look, as for a process that is stopped. */
  stall(ms: number): void
  app(name?: string): App
  /** Ids of an app's workers in a stage, in order of slots. */
  workers(stage: string, app?: string): number[]
  listen(worker: number, port?: number): void
  exit(worker: number, how?: { code?: number; signal?: string; oomKilled?: boolean; forkError?: string }): void
  /** Every booting worker listens and passes its probes, or stands by; until none boots any more. */
  bootAll(port?: number): void
  eventsOf<T extends ResilEvent['type']>(type: T): Extract<ResilEvent, { type: T }>[]
}

export function simulate(
  apps: readonly AppSettings[],
  options: {
    readonly cpus?: number
    readonly foreground?: boolean
    readonly seed?: number
    readonly onStep?: (sim: Simulation) => void
  } = {},
): Simulation {
  let now = 1_000
  let exitCode: number | null = null
  const events: ResilEvent[] = []
  const commands: Command[] = []
  const alive = new Map<number, { slot: number; app: string }>()
  let state = initialState({
    settings: supervisorSettings(apps),
    foreground: options.foreground ?? true,
    cpus: options.cpus ?? 16,
    seed: options.seed ?? 1,
    now,
  })

  function send(first: Input): void {
    const queue: Input[] = [first]
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      if (input.type === 'worker.exited') alive.delete(input.worker)
      const firstNew = state.nextWorker
      const result = step(state, input, now)
      state = result.state
      events.push(...result.events)
      for (const command of result.commands) {
        commands.push(command)
        if (command.type === 'fork') {
          alive.set(command.worker, { slot: command.slot, app: command.app })
          queue.push({ type: 'worker.forked', worker: command.worker, pid: 1_000 + command.worker })
        } else if (command.type === 'examine') {
          queue.push({
            type: 'worker.examined',
            worker: command.worker,
            ...unremarkable,
            ...sim.examined(command.worker),
          })
        } else if (command.type === 'exit') exitCode = command.code
      }
      const broken = violations(state, firstNew)
      if (broken.length > 0) throw new Error(broken.map(({ message }) => message).join('; '))
      options.onStep?.(sim)
    }
  }

  const sim: Simulation = {
    get now() {
      return now
    },
    get state() {
      return state
    },
    get exitCode() {
      return exitCode
    },
    events,
    commands,
    alive,
    examined: () => ({}),
    send,
    advance: (ms) => {
      const end = now + ms
      for (let at = nextDeadline(state, now); at <= end; at = nextDeadline(state, now)) {
        now = at
        send({ type: 'tick' })
      }
      now = end
    },
    stall: (ms) => {
      now += ms
    },
    app: (name = apps[0]?.name ?? '') => {
      const found = state.apps.find((app) => app.name === name)
      if (found === undefined) throw new Error(`no app ${name}`)
      return found
    },
    workers: (stage, name) =>
      allWorkers(sim.app(name))
        .filter((worker) => worker.stage.status === stage)
        .map(({ id }) => id),
    listen: (worker, port = 3000) => send({ type: 'worker.listening', worker, port, address: null }),
    exit: (worker, { code, signal, oomKilled = false, forkError } = {}) =>
      send({
        type: 'worker.exited',
        worker,
        code: signal === undefined && forkError === undefined ? (code ?? 1) : null,
        signal: signal ?? null,
        forkError: forkError ?? null,
        oomKilled,
      }),
    bootAll: (port = 3000) => {
      for (let round = 0; round < 100; round += 1) {
        const booting = state.apps.flatMap(allWorkers).filter(({ stage }) => stage.status === 'booting')
        if (booting.length === 0) return
        for (const { id, slot } of booting) {
          if (slot === STANDBY_SLOT) send({ type: 'worker.held', worker: id })
          else sim.listen(id, port)
          for (const probe of ['startup', 'readiness'] as const) {
            send({ type: 'probe.answered', worker: id, probe, ok: true, detail: '' })
          }
        }
      }
    },
    eventsOf: (type) => events.filter((event) => event.type === type) as never,
  }
  send({ type: 'tick' })
  return sim
}
