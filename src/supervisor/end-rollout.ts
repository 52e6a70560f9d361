// How a rollout ends badly: its first failure turns a reload back and ends a restart; the end of the app ends it too.

import type { CanaryReport } from '../events/canary-report.ts'
import type { ExitDetails } from '../events/exit.ts'
import type { ReloadFailure } from '../events/family/reload.ts'
import { backoffMs } from './backoff.ts'
import { drainWorker } from './end-worker.ts'
import { pardonApp, pardonSlot } from './open-gates.ts'
import { type App, allWorkers } from './state/app.ts'
import { isHeld, type Rollout } from './state/rollout.ts'
import { generationOf, type Slot } from './state/slot.ts'
import { isReady, type Worker } from './state/worker.ts'
import type { Turn } from './turn.ts'

type Restart = Extract<Rollout, { kind: 'restart' }>
/** Attempts to restore the old release before what works is kept: its files may have been overwritten. */
export const RESTORE_ATTEMPTS = 3

type Reload = Extract<Rollout, { kind: 'reload' }>

export type RolloutFault =
  | { readonly reason: ExitDetails['kind']; readonly exit: ExitDetails }
  | { readonly reason: 'missing-port'; readonly missing: readonly string[] }
  | { readonly reason: 'probe-failed'; readonly probe: string }
  /** Its event loop does not turn, and the watchdog only reports that. */
  | { readonly reason: 'hang' }

/** The first failure before ready turns a reload back, and ends a restart. Later crashes are ordinary ones. */
export function failRollout(turn: Turn, app: App, slot: Slot, worker: Worker, why: RolloutFault): void {
  const { rollout } = app
  if (rollout === null) return
  const failure: ReloadFailure = { slot: slot.number, worker: worker.id, exit: null, missing: [], ...why }
  if (rollout.kind === 'restart')
    return rollout.inHand === slot.number ? failRestart(turn, app, rollout, failure) : undefined
  // A worker of the old release that is to be restored: its end is what counts, once.
  if (worker.generation !== rollout.to) return failure.exit === null ? undefined : restoreFailed(turn, app, rollout)
  if (rollout.back === null) failReload(turn, app, rollout, failure)
}

export function failRestart(turn: Turn, app: App, restart: Restart, failure: ReloadFailure): void {
  app.rollout = null
  const tookMs = turn.now - restart.startedAt
  turn.emit({ type: 'restart.failed', app: app.name, request: restart.request, failure, tookMs })
}

export function failReload(turn: Turn, app: App, reload: Reload, failure: ReloadFailure): void {
  // A canary that fails always goes: it is there to be tried.
  if (reload.settings.reload.rollback || isHeld(reload)) turnBack(app, reload, failure)
  else haltReload(turn, app, reload, failure)
}

function turnBack(app: App, reload: Reload, failure: ReloadFailure): void {
  app.rollout = { ...reload, back: { failure, attempts: 0 } }
  const touched = app.slots.filter((slot) => generationOf(slot) === reload.to)
  for (const slot of touched) pardonSlot(slot)
  if (touched.length > 0) pardonApp(app)
}

/** The workers that tried the new release did worse than those of the old one. */
export function failCanary(app: App, reload: Reload, canary: CanaryReport): void {
  const slot = app.slots.find(({ current }) => current?.generation === reload.to)
  const failure: ReloadFailure = {
    slot: slot?.number ?? 0,
    worker: slot?.current?.id ?? 0,
    reason: 'canary',
    exit: null,
    missing: [],
    canary,
  }
  turnBack(app, reload, failure)
}

/** No rollback: who serves of the new release stays, the other slots go on with the old one. */
function haltReload(turn: Turn, app: App, reload: Reload, failure: ReloadFailure): void {
  const { to: generation, request } = reload
  app.rollout = null
  withdrawSurge(turn, app)
  for (const slot of app.slots) if (slot.current?.generation !== generation) slot.generation = app.generation
  keepSettings(app, reload)
  const replaced = app.slots.filter(({ current }) => isReady(current) && current?.generation === generation).length
  const tookMs = turn.now - reload.startedAt
  turn.emit({ type: 'reload.halted', app: app.name, generation, request, replaced, failure, tookMs })
}

/** Nobody waits for surge workers any more. */
export function withdrawSurge(turn: Turn, app: App): void {
  for (const slot of app.slots) withdrawNext(turn, app, slot)
}

export function withdrawNext(turn: Turn, app: App, slot: Slot): void {
  const { next } = slot
  if (next === null) return
  slot.next = null
  slot.leaving.push(next)
  drainWorker(turn, app, slot, next, 'rollback')
}

/** A worker lives by the settings that it was started with, whatever became of its reload. */
export function keepSettings(app: App, { to: generation, settings }: Reload): void {
  const alive = new Set(allWorkers(app).map((worker) => worker.generation))
  app.kept = [...app.kept, { generation, settings }].filter((each) => alive.has(each.generation))
}

/** While going back: an old-generation worker that can't boot any more (its files were overwritten) is tried again, later. */
export function restoreFailed(turn: Turn, app: App, rollout: Reload): void {
  if (rollout.back === null) return
  const attempts = rollout.back.attempts + 1
  const waitMs = backoffMs(attempts + 1, app.settings.restart.backoff, turn.random())
  app.rollout = { ...rollout, back: { ...rollout.back, attempts }, waitUntil: turn.now + waitMs }
}

/** Something else came before it was through: the end of the app, or a newer wish. Its new workers are left to that. */
export function supersedeRollout(turn: Turn, app: App, by: 'stop' | 'failure' | 'reload' | 'restart'): void {
  const { rollout } = app
  if (rollout === null) return
  const { request } = rollout
  const restart = rollout.kind === 'restart'
  app.rollout = null
  if (rollout.kind === 'reload') {
    keepSettings(app, rollout)
    // What crashes before somebody replaces it comes back in the last good generation.
    for (const slot of app.slots) slot.generation = app.generation
  }
  const generation = rollout.kind === 'reload' ? rollout.to : app.generation
  turn.emit({ type: 'reload.superseded', app: app.name, generation, request, restart, by })
}

/** The app is not tried any more. Workers that are ready (of an exhausted app with `exit`) are left to the stop that follows. */
export function giveUp(
  turn: Turn,
  app: App,
  reason: 'never-ready' | 'exhausted' | 'dependency',
  exit: ExitDetails | null,
): void {
  supersedeRollout(turn, app, 'failure')
  app.phase = { status: 'failed', reason, exit }
  turn.emit({ type: 'app.failed', app: app.name, reason, exit })
}
