// A worker has ended: what it was, what its slot does next, and what its app learns from it.
// Starting the replacement is start-workers.ts; this only says when it may be.

import type { AfterExit, ExitDetails } from '../events/exit.ts'
import { backoffMs, forgive } from './backoff.ts'
import { classifyExit, verdictOf } from './classify-exit.ts'
import { recordCrash } from './crash-window.ts'
import { failRollout, giveUp } from './end-rollout.ts'
import type { WorkerInput } from './inputs.ts'
import { isGated, openGatesIfExceeded, settleGates } from './open-gates.ts'
import { onReplacementFailed } from './replace-workers.ts'
import { onStandbyLost } from './reserve.ts'
import { type App, settingsOf, wantedSlots } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import { hasServed, refOf, type Worker } from './state/worker.ts'
import { addCrash } from './storm-budget.ts'
import { findWorker, removeWorker, type Turn } from './turn.ts'
import { isCanary } from './watch-canary.ts'

/** Boots that may fail in every slot before an app that has never been ready is given up. */
const BOOTS_BEFORE_FAILURE = 3

export function onWorkerExit(turn: Turn, input: Extract<WorkerInput, { type: 'worker.exited' }>): void {
  const place = findWorker(turn, input.worker)
  if (place === undefined) return
  const { app, slot, worker, role } = place
  const settings = settingsOf(app, worker.generation)
  const kind = classifyExit(worker, input)
  const exit: ExitDetails = {
    kind,
    code: input.code,
    signal: input.signal,
    uptimeMs: turn.now - worker.forkedAt,
    errorCode: input.forkError ?? worker.listenFailure?.code ?? null,
    port: worker.listenFailure?.port ?? null,
    atMs: turn.now,
  }
  const verdict = verdictOf(kind, input, settings.restart)
  removeWorker(slot, worker.id)
  if (role === 'current') succeed(app, slot)
  slot.lastExit = exit

  const told = turn.events.length
  let after: AfterExit = { do: 'nothing' }
  if (verdict === 'planned') {
    settleGates(turn, app, slot, worker, 'abandoned')
  } else if (role === 'next') {
    // A surge worker that ends before it took over fails the reload; the slot's current worker is not concerned.
    settleGates(turn, app, slot, worker, 'crashed')
    if (app.rollout === null) onReplacementFailed(turn, app, slot, exit)
    else failRollout(turn, app, slot, worker, { reason: exit.kind, exit })
  } else if (role === 'standby') {
    after = { do: 'restart', delayMs: onStandbyLost(turn, app, worker) }
  } else if (role === 'current' && app.phase.status === 'active' && !slot.retired) {
    after = verdict === 'ended' ? park(slot, input.code) : onCrash(turn, app, slot, worker)
    settleGates(turn, app, slot, worker, verdict === 'crash' ? 'crashed' : 'abandoned')
    const failed = verdict === 'crash' || input.code !== 0
    if (failed && (!hasServed(worker) || isGated(app, slot) || isCanary(app, worker)))
      failRollout(turn, app, slot, worker, { reason: exit.kind, exit })
  } else {
    // Retired, or leaving: nobody is restarted for it, but a trial has its end all the same.
    settleGates(turn, app, slot, worker, verdict === 'crash' ? 'crashed' : 'abandoned')
  }
  if (app.phase.status === 'active' && hasNeverBeenReady(app)) {
    after = { do: 'nothing' }
    giveUp(turn, app, 'never-ready', exit)
  }
  // Told before its consequences, though it can only be worded after them.
  turn.events.splice(told, 0, {
    type: 'worker.exited',
    worker: refOf(worker),
    exit,
    after,
    crashes: slot.crashes.length,
  })
}

/** Its replacement was on the way already: that is its successor, ready or not. A reload decides about its own. */
function succeed(app: App, slot: Slot): void {
  if (app.rollout !== null || slot.next === null) return
  slot.current = slot.next
  slot.next = null
}

/** Slots that ended by policy, or were stopped by hand, have no say in it. */
function hasNeverBeenReady(app: App): boolean {
  const wanted = wantedSlots(app)
  const failed = wanted.every(({ failedBoots }) => failedBoots >= BOOTS_BEFORE_FAILURE)
  return !app.everReady && wanted.length > 0 && failed
}

function park(slot: Slot, exitCode: number | null): AfterExit {
  slot.vacancy = { status: 'parked', exitCode: exitCode ?? 1 }
  return { do: 'park' }
}

function onCrash(turn: Turn, app: App, slot: Slot, worker: Worker): AfterExit {
  const { restart } = settingsOf(app, worker.generation)
  const { now } = turn
  slot.restarts += 1
  slot.debt = forgive(slot.debt, readyForMs(worker, now), restart.stableAfterMs) + 1
  slot.crashes = recordCrash(slot.crashes, restart.window.withinMs, now)
  app.storm = addCrash(app.storm, restart.storm.halfLifeMs, now)
  const delayMs = backoffMs(slot.debt, restart.backoff, turn.random())
  slot.vacancy = { status: 'backoff', until: now + delayMs }

  if (!app.everReady) {
    slot.failedBoots += 1
    return { do: 'restart', delayMs }
  }
  // Behind an open gate the trial itself is judged, by settleGates.
  if (worker.trialOf.length === 0) openGatesIfExceeded(turn, app, slot)
  return worker.trialOf.length > 0 || isGated(app, slot) ? { do: 'wait-for-gate' } : { do: 'restart', delayMs }
}

function readyForMs(worker: Worker, now: number): number {
  const { stage } = worker
  if (stage.status === 'ready') return now - stage.since
  return stage.status === 'suspect' ? now - stage.readySince : 0
}
