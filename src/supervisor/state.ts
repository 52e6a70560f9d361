// What the supervisor knows, as plain data: apps, their slots, the workers in them. All times are monotonic milliseconds.
// Nothing here decides; step.ts and the on-*/plan files do.

import type { AppSettings, CanarySettings, ProbeName, Settings } from '../config/settings.ts'
import {
  type DrainCause,
  type EndCause,
  type ExitDetails,
  type ReloadFailure,
  type ReplaceCause,
  STANDBY_SLOT,
  type WorkerRef,
} from '../events/events.ts'
import { type Circuit, closedCircuit } from '../patterns/circuit-breaker/circuit.ts'
import type { CanaryCounts } from './canary.ts'
import { dependenciesFirst } from './dependencies.ts'
import type { ProbeState } from './probes/probe-state.ts'
import { emptyStorm, type StormScore } from './storm-budget.ts'
import type { Examination } from './watchdogs/hang.ts'
import type { Vitals } from './watchdogs/vitals.ts'

/** Why a worker is being ended by force. */
export type KillReason = 'boot-timeout' | 'startup-probe' | 'drain-deadline' | 'unresponsive' | 'forced' | DrainCause

/** Each stage carries its own deadline: what is late is decided from the state alone, so no timer can be forgotten. */
export type Stage =
  | { readonly status: 'booting'; readonly deadline: number }
  /** Its ready signal has come; it must survive until `readyAt`. */
  | { readonly status: 'warming'; readonly readyAt: number; readonly by: ReadyBy }
  | { readonly status: 'ready'; readonly since: number }
  /** Booted as far as its listen(), which waits. */
  | { readonly status: 'standby'; readonly since: number }
  /** Ready, but its event loop has not been heard of for a while. Not counted as ready; a beat makes it so again. */
  | {
      readonly status: 'suspect'
      readonly since: number
      readonly readySince: number
      /** When it was last heard of. */
      readonly silentSince: number
      /** When it is decided whether it goes; Infinity: not yet known, or never. */
      readonly judgedAt: number
      /** When a look at it was asked for. */
      readonly lookedAt: number
      /** What the first look showed; null: it has not come. */
      readonly first: Examination | null
      /** It was given more time once, since others were silent as well. */
      readonly wasHeldBack: boolean
      /** What keeps it from being killed has been told. */
      readonly told: boolean
    }
  | { readonly status: 'draining'; readonly cause: DrainCause; readonly deadline: number }
  /** Signalled; at `deadline` SIGKILL follows (again). */
  | { readonly status: 'killing'; readonly reason: KillReason; readonly signal: string; readonly deadline: number }

/**
 * Why a worker that serves has to go. `replace`: when a new one is ready, within the disruption budget. `end`: a new one is waited
 * for until `patienceUntil`, and until `lastCallAt` where others are replaced before it; then it goes anyway, one at a time.
 */
export type Due =
  | { readonly how: 'replace'; readonly cause: ReplaceCause; readonly since: number }
  | {
      readonly how: 'end'
      readonly cause: EndCause
      readonly since: number
      readonly patienceUntil: number
      readonly lastCallAt: number
      /** What is left to do when this cause passes before its turn comes: hangs and failing probes may. */
      readonly beneath: Due | null
    }

export type ReadyBy = 'listening' | 'message' | 'started' | 'probe'

export interface Worker {
  readonly id: number
  readonly app: string
  readonly slot: number
  readonly generation: number
  readonly pid: number | null
  readonly forkedAt: number
  readonly stage: Stage
  /** What it listens on: ports as decimal numbers, else socket paths. */
  readonly endpoints: readonly string[]
  /** Those of them whose number the system chose. */
  readonly ephemeral: readonly string[]
  readonly loadedAt: number | null
  readonly messagedReady: boolean
  readonly listenFailure: { readonly code: string; readonly port: number | null } | null
  /** The gates behind which it is the one trial; none for an ordinary worker. */
  readonly trialOf: readonly ('slot' | 'app')[]
  /** null: nothing is wrong with it. */
  readonly due: Due | null
  /** What its probes have said; null: not asked, or not answered yet. */
  readonly probes: { readonly [Name in ProbeName]: ProbeState | null }
  /** Whether it gets new connections. */
  readonly inRotation: boolean
  /** When it was taken from the reserve; null: it never stood there. */
  readonly promotedAt: number | null
  /** When and after how many requests it is recycled, jitter included; Infinity: never. */
  readonly recycle: { readonly at: number; readonly requests: number }
  /** What the watchdogs remember of it. */
  readonly vitals: Vitals
}

/** Why a slot without a worker has none. */
export type Vacancy =
  | { readonly status: 'empty' }
  | { readonly status: 'backoff'; readonly until: number }
  /** Not started again until a person says so. `exitCode`: how its worker ended by policy; null: stopped by hand. */
  | { readonly status: 'parked'; readonly exitCode: number | null }

export interface Slot {
  readonly number: number
  /** Of the next worker that starts here by itself. */
  generation: number
  current: Worker | null
  /** A surge worker that will take over from `current`. */
  next: Worker | null
  leaving: Worker[]
  /** Counts only while `current` is null. */
  vacancy: Vacancy
  /** When it crashed, oldest first; only what the crash window still sees. */
  crashes: number[]
  /** Crashes since the last forgiven one; decides the backoff. */
  debt: number
  /** Boots that failed while the app had never been ready. */
  failedBoots: number
  gate: Circuit
  /** Unplanned restarts, in total. */
  restarts: number
  lastExit: ExitDetails | null
  /** From fork to ready signal, of the last worker that got there; null: none has. */
  bootMs: number | null
  /** Scaled away: it goes when its workers have gone. */
  retired: boolean
  /** Replacements of its worker that failed, or that did not last, in a row; and when the next may be tried. */
  replaceDebt: number
  replaceFrom: number
}

/** A change of all workers that is under way. */
export type Rollout =
  /** New before old. `back`: it failed, and the slots return to `from`. */
  | {
      readonly kind: 'reload'
      readonly request: string
      readonly from: number
      readonly to: number
      readonly settings: AppSettings
      readonly startedAt: number
      /** What every ready worker of the last generation listened on; the new ones must too. */
      readonly endpoints: readonly string[]
      readonly waitUntil: number
      /** A reload that brought another number of instances gives it back when it fails. */
      readonly instancesBefore: number
      readonly back: { readonly failure: ReloadFailure; readonly attempts: number } | null
      /** null: all workers go over without one. */
      readonly canary: Canary | null
    }
  /** Old before new, one slot after the other. `inHand`: the slot that is being replaced. */
  | {
      readonly kind: 'restart'
      readonly request: string
      readonly startedAt: number
      readonly pending: readonly number[]
      readonly inHand: number | null
      /** Workers with lower ids were there before the request. */
      readonly firstNew: number
    }

/** The first workers of a new release, and how they do. */
export interface Canary {
  readonly limits: CanarySettings
  readonly stage:
    | { readonly status: 'placing' }
    | {
        readonly status: 'observing'
        readonly since: number
        readonly until: number
        readonly fresh: CanaryCounts
        readonly old: CanaryCounts
        /** Totals of each worker, by id, at its last beat. */
        readonly seen: Readonly<Record<number, { readonly answered: number; readonly failed: number }>>
      }
    | { readonly status: 'passed' }
}

export type AppPhase =
  /** For the apps it depends on. */
  | { readonly status: 'waiting' }
  | { readonly status: 'active' }
  | { readonly status: 'stopping'; readonly drainAt: number; readonly deadline: number }
  | { readonly status: 'stopped' }
  | {
      readonly status: 'failed'
      readonly reason: 'never-ready' | 'exhausted' | 'dependency'
      readonly exit: ExitDetails | null
    }
  | { readonly status: 'ended'; readonly exitCode: number }

export interface App {
  readonly name: string
  /** Of `generation`. A reload carries its own until it has succeeded. */
  settings: AppSettings
  generation: number
  /** The last number given to a generation; a failed reload does not give its own back. */
  lastGeneration: number
  /** How many workers are wanted now; `scale` changes it. */
  instances: number
  phase: AppPhase
  slots: Slot[]
  /**
   * The standbys: a place like a slot, so that all that ends workers works for them too. All of them stand in `leaving`, whatever
   * their stage; `replaceDebt` and `replaceFrom` are the backoff of those that do not boot.
   */
  reserve: Slot
  /** Why it can't have standbys; null: nothing is known against it. */
  standbyRefused: 'never-listens' | 'listens-alone' | null
  /** More than half of the workers fail their liveness probe together: until then nothing is done about it. */
  livenessHeldUntil: number | null
  gate: Circuit
  storm: StormScore
  rollout: Rollout | null
  /** Of other generations that still have workers: a reload was superseded, stopped half-way, or could not be undone everywhere. */
  kept: readonly { readonly generation: number; readonly settings: AppSettings }[]
  /** Whether any worker has ever been ready: before, crashes are boot failures and no gate applies. */
  everReady: boolean
  /** Seen to use process.send('ready') or ready(): from then on `auto` waits for it. */
  usesReadyMessage: boolean
  /** What workers after the first generation must listen on to be ready. */
  endpoints: readonly string[]
  /** Since when no worker has been ready; null while one is. */
  unreadySince: number | null
  /** Since when gates have kept every wanted slot down; null while they don't. */
  gatedSince: number | null
  /** Since when it has had fewer ready workers than wanted; counts while it is not `told` to be running. */
  downSince: number
  /** The condition that was last told, so that each change is told once. */
  told: 'starting' | 'running' | 'degraded'
}

export type Phase =
  | { readonly status: 'running' }
  | { readonly status: 'stopping'; readonly cause: string; readonly deadline: number; readonly forced: boolean }
  | { readonly status: 'stopped'; readonly exitCode: number }

export interface SupervisorState {
  phase: Phase
  /** In the order of the config; dependencies are looked up by name. */
  apps: App[]
  /** false: detached, nobody waits for an exit code, so an exhausted app is probed for ever. */
  readonly foreground: boolean
  /** At most so many workers boot at once. */
  readonly bootsAtOnce: number
  nextWorker: number
  /** State of the random generator: the same inputs give the same decisions, jitter included. */
  seed: number
}

export function initialState(options: {
  readonly settings: Settings
  readonly foreground: boolean
  readonly cpus: number
  readonly seed: number
  readonly now: number
}): SupervisorState {
  const { settings, foreground, cpus, seed, now } = options
  return {
    phase: { status: 'running' },
    apps: dependenciesFirst(settings.apps).map((app) => initialApp(app, now)),
    foreground,
    bootsAtOnce: Math.max(1, cpus),
    nextWorker: 1,
    seed,
  }
}

function initialApp(settings: AppSettings, now: number): App {
  return {
    name: settings.name,
    settings,
    generation: 1,
    lastGeneration: 1,
    instances: settings.instances,
    phase: { status: 'waiting' },
    slots: Array.from({ length: settings.instances }, (_, number) => vacantSlot(number, 1)),
    reserve: vacantSlot(STANDBY_SLOT, 1),
    standbyRefused: null,
    livenessHeldUntil: null,
    gate: closedCircuit,
    storm: emptyStorm,
    rollout: null,
    kept: [],
    everReady: false,
    usesReadyMessage: false,
    endpoints: [],
    unreadySince: now,
    gatedSince: null,
    downSince: now,
    told: 'starting',
  }
}

export function vacantSlot(number: number, generation: number): Slot {
  return {
    number,
    generation,
    current: null,
    next: null,
    leaving: [],
    vacancy: { status: 'empty' },
    crashes: [],
    debt: 0,
    failedBoots: 0,
    gate: closedCircuit,
    restarts: 0,
    lastExit: null,
    bootMs: null,
    retired: false,
    replaceDebt: 0,
    replaceFrom: 0,
  }
}

/** A step works on a copy of its own; workers and stages are values and are shared. */
export function copyState(state: SupervisorState): SupervisorState {
  return {
    ...state,
    apps: state.apps.map((app) => ({
      ...app,
      slots: app.slots.map(copySlot),
      reserve: copySlot(app.reserve),
    })),
  }
}

function copySlot(slot: Slot): Slot {
  return { ...slot, leaving: [...slot.leaving], crashes: [...slot.crashes] }
}

/** Every place that may hold workers. */
export function placesOf(app: App): Slot[] {
  return [...app.slots, app.reserve]
}

/** All processes of a slot, whatever they are doing. */
export function workersOf(slot: Slot): Worker[] {
  const workers = [...slot.leaving]
  if (slot.next !== null) workers.unshift(slot.next)
  if (slot.current !== null) workers.unshift(slot.current)
  return workers
}

export function allWorkers(app: App): Worker[] {
  return placesOf(app).flatMap(workersOf)
}

/** Slots that shall have a worker: neither scaled away nor parked. */
export function wantedSlots(app: App): Slot[] {
  return app.slots.filter((slot) => !slot.retired && (slot.current !== null || slot.vacancy.status !== 'parked'))
}

/** Of its worker; a slot without one has the generation that its next worker will be of. */
export function generationOf(slot: Slot): number {
  return slot.current?.generation ?? slot.generation
}

/** It may get traffic. */
export function isReady(worker: Worker | null): boolean {
  return worker?.stage.status === 'ready' && worker.inRotation
}

/** It has been ready and gets no traffic now: out of rotation, or not heard of. */
export function isUnwell(worker: Worker | null): worker is Worker {
  return worker !== null && hasServed(worker) && !isReady(worker)
}

/** Ready workers, those that a surge has just added included. */
export function readyCount(app: App): number {
  return allWorkers(app).filter(isReady).length
}

export function isDrainingProcess(state: SupervisorState, pid: number | undefined): boolean {
  return state.apps
    .flatMap(allWorkers)
    .some((worker) => worker.pid === pid && (worker.stage.status === 'draining' || worker.stage.status === 'killing'))
}

/** It has been ready; whether it is heard of now is another question. */
export function hasServed(worker: Worker): boolean {
  return worker.stage.status === 'ready' || worker.stage.status === 'suspect'
}

export function isBooting(worker: Worker): boolean {
  return worker.stage.status === 'booting' || worker.stage.status === 'warming'
}

export function refOf(worker: Worker): WorkerRef {
  const { app, slot, id, pid, generation } = worker
  return { app, slot, id, pid, generation }
}

/** The generation that a reload is on its way to: back to the old one once it has failed. */
export function goalOf(reload: Extract<Rollout, { kind: 'reload' }>): number {
  return reload.back === null ? reload.to : reload.from
}

/** No more workers go over for now: a canary has not passed yet. */
export function isHeld(reload: Extract<Rollout, { kind: 'reload' }>): boolean {
  return reload.back === null && reload.canary !== null && reload.canary.stage.status !== 'passed'
}

/** The settings that a generation of an app runs with, while a reload has two of them alive. */
export function settingsOf(app: App, generation: number): AppSettings {
  if (app.rollout?.kind === 'reload' && app.rollout.to === generation) return app.rollout.settings
  return app.kept.find((other) => other.generation === generation)?.settings ?? app.settings
}
