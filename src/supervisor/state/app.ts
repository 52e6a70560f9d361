// One app: its settings, its slots and reserve, what it is in the middle of, and what has been told of it. Leaves to
// settle-apps.ts what becomes of it.

import type { AppSettings } from '../../config/settings.ts'
import type { ExitDetails } from '../../events/exit.ts'
import { STANDBY_SLOT } from '../../events/worker-ref.ts'
import { type Circuit, closedCircuit } from '../../patterns/circuit-breaker/circuit.ts'
import { emptyStorm, type StormScore } from '../storm-budget.ts'
import type { Rollout } from './rollout.ts'
import { copySlot, type Slot, vacantSlot, workersOf } from './slot.ts'
import { isReady, type Worker } from './worker.ts'

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

export function initialApp(settings: AppSettings, now: number): App {
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

export function copyApp(app: App): App {
  return { ...app, slots: app.slots.map(copySlot), reserve: copySlot(app.reserve) }
}

/** Every place that may hold workers. */
export function placesOf(app: App): Slot[] {
  return [...app.slots, app.reserve]
}

export function allWorkers(app: App): Worker[] {
  return placesOf(app).flatMap(workersOf)
}

/** Slots that shall have a worker: neither scaled away nor parked. */
export function wantedSlots(app: App): Slot[] {
  return app.slots.filter((slot) => !slot.retired && (slot.current !== null || slot.vacancy.status !== 'parked'))
}

/** Ready workers, those that a surge has just added included. */
export function readyCount(app: App): number {
  return allWorkers(app).filter(isReady).length
}

/** The settings that a generation of an app runs with, while a reload has two of them alive. */
export function settingsOf(app: App, generation: number): AppSettings {
  if (app.rollout?.kind === 'reload' && app.rollout.to === generation) return app.rollout.settings
  return app.kept.find((other) => other.generation === generation)?.settings ?? app.settings
}
