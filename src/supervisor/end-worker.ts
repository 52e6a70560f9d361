// The two ways to end a worker on purpose: drain it, or signal it and then kill it. Both arm a deadline.

import type { DrainCause } from '../events/causes.ts'
import { type App, settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import type { KillReason } from './state/stage.ts'
import { refOf, type Worker } from './state/worker.ts'
import { setStage, type Turn } from './turn.ts'

/** After SIGKILL a process may be stuck in the kernel; it is signalled again at this pace until it is gone. */
const UNKILLABLE_RETRY_MS = 5_000

/** Asks for a graceful end. The drain ends `killAfterMs` before `deadline`, so that the kill still fits in. */
export function drainWorker(
  turn: Turn,
  app: App,
  slot: Slot,
  worker: Worker,
  cause: DrainCause,
  deadline: number = turn.now + app.settings.shutdown.deadlineMs,
): void {
  if (worker.stage.status === 'draining' || worker.stage.status === 'killing') return
  const { shutdown } = settingsOf(app, worker.generation)
  // Node gives it connections from its listen() on, ready or not. Before that it has no request in hand: a signal is enough, and quicker.
  const hasListened = worker.endpoints.length > 0
  if (worker.stage.status === 'standby' || (worker.stage.status === 'booting' && !hasListened))
    return killWorker(turn, app, slot, worker, cause)
  const drainUntil = Math.max(turn.now, deadline - shutdown.killAfterMs)
  setStage(slot, worker, { status: 'draining', cause, deadline: drainUntil })
  turn.commands.push({
    type: 'drain',
    worker: worker.id,
    deadlineMs: drainUntil - turn.now,
    idleWaitMs: shutdown.idleWaitMs,
    signal: shutdown.signal,
  })
  turn.emit({ type: 'worker.draining', worker: refOf(worker), cause, deadlineMs: drainUntil - turn.now })
}

/** Sends the app's own stop signal; SIGKILL follows after `killAfterMs`. */
export function killWorker(turn: Turn, app: App, slot: Slot, worker: Worker, reason: KillReason): void {
  if (worker.stage.status === 'killing') return
  const { shutdown } = settingsOf(app, worker.generation)
  sendSignal(turn, slot, worker, reason, shutdown.signal, turn.now + shutdown.killAfterMs)
}

/** No more waiting. Safe to repeat. */
export function killNow(turn: Turn, slot: Slot, worker: Worker, reason: KillReason): void {
  sendSignal(turn, slot, worker, reason, 'SIGKILL', turn.now + UNKILLABLE_RETRY_MS)
}

function sendSignal(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  reason: KillReason,
  signal: string,
  deadline: number,
): void {
  setStage(slot, worker, { status: 'killing', reason, signal, deadline })
  turn.commands.push({ type: 'signal', worker: worker.id, signal })
  turn.emit({ type: 'worker.signalled', worker: refOf(worker), signal, reason })
}
