// Replaces workers that have to go though nobody asked for it: over a limit, ill, or old enough. New before old, within the
// disruption budget and one after the other; the worst first. Who has to go is due.ts. A rollout of the app replaces
// all workers anyway, so it goes first.

import type { EndCause, ReplaceCause } from '../events/causes.ts'
import type { ExitDetails } from '../events/exit.ts'
import { backoffMs } from './backoff.ts'
import { mayRemove, mayRemoveUnready } from './disruption-budget.ts'
import { PATIENCE_MS, urgencyOf } from './due.ts'
import { withdrawNext } from './end-rollout.ts'
import { drainWorker, killNow } from './end-worker.ts'
import { gateAdmits } from './restart-gate.ts'
import { fork, hasRoomForSurge } from './start-workers.ts'
import { type App, settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import { hasServed, isBooting, isReady, isUnwell, refOf, type Worker } from './state/worker.ts'
import type { Turn } from './turn.ts'

/** Requests in hand of a worker that has to go may finish, but not for long: it is ill. */
const SHORT_DRAIN_MS = 5_000

export function replaceWorkers(turn: Turn, app: App): void {
  if (app.phase.status !== 'active' || turn.state.phase.status !== 'running') return
  if (app.rollout === null) {
    for (const slot of app.slots) withdrawUseless(turn, app, slot)
    // In the order of their claim here too: otherwise a low slot that is due ever again would keep a high one waiting for ever.
    for (const slot of dueSlots(app)) settleReplacement(turn, app, slot)
    for (const slot of dueSlots(app)) bootReplacement(turn, app, slot)
  }
  endOne(turn, app)
}

/** What ailed the old worker has passed: nobody needs its replacement any more. Or that is unwell itself before its turn came. */
function withdrawUseless(turn: Turn, app: App, slot: Slot): void {
  const { next, current } = slot
  if (next === null || current === null) return
  if (current.due !== null && !isUnwell(next)) return
  if (current.due !== null) postpone(turn, app, slot)
  withdrawNext(turn, app, slot)
}

/** Slots whose worker has to go, the worst first, and among equals the longest waiting. */
function dueSlots(app: App): Slot[] {
  const claim = ({ current }: Slot) => urgencyOf(current?.due ?? null)
  return app.slots
    .filter(({ current, retired }) => current !== null && current.due !== null && !retired)
    .sort((a, b) => claim(a) - claim(b) || (a.current?.due?.since ?? 0) - (b.current?.due?.since ?? 0))
}

function bootReplacement(turn: Turn, app: App, slot: Slot): void {
  const worker = slot.current
  if (worker === null || worker.due === null || !hasServed(worker) || slot.next !== null || turn.now < slot.replaceFrom)
    return
  // Its end can't wait for a boot.
  if (worker.due.how === 'end' && worker.due.lastCallAt <= turn.now) return
  const { surge } = app.settings.reload
  if (surge === 0) {
    const may = isUnwell(worker) ? mayRemoveUnready(app) : mayRemove(app)
    if (worker.due.how === 'replace' && may) leave(turn, app, slot, worker, worker.due.cause)
    return
  }
  const replacing = app.slots.filter(({ next }) => next !== null).length
  const admitted = gateAdmits(slot.gate, turn.now) && gateAdmits(app.gate, turn.now)
  if (!admitted || replacing >= surge || !hasRoomForSurge(turn, app)) return
  slot.next = fork(turn, app, slot, slot.generation)
  turn.emit({ type: 'worker.replacing', worker: refOf(worker), cause: worker.due.cause })
}

/** The new worker takes the slot once it is ready and the budget lets the old one go. */
function settleReplacement(turn: Turn, app: App, slot: Slot): void {
  const { next, current } = slot
  if (next === null || current === null || current.due === null || !isReady(next)) return
  const { due } = current
  // Gone or going anyway, by its end or by a person's wish: nothing to ask for.
  const isLeaving = !hasServed(current)
  if (!isLeaving && due.how === 'replace' && !mayRemove(app)) return
  countReplacement(turn, app, slot, current)
  slot.next = null
  slot.current = next
  slot.leaving.push(current)
  turn.emit({
    type: 'worker.replaced',
    worker: refOf(current),
    cause: due.cause,
    by: refOf(next),
    bootMs: turn.now - next.forkedAt,
  })
  if (due.how === 'end') endShortly(turn, app, slot, current, due.cause)
  else drainWorker(turn, app, slot, current, due.cause)
}

/** Without surge: old before new. */
function leave(turn: Turn, app: App, slot: Slot, worker: Worker, cause: ReplaceCause): void {
  countReplacement(turn, app, slot, worker)
  slot.current = null
  slot.leaving.push(worker)
  slot.vacancy = { status: 'empty' }
  turn.emit({ type: 'worker.replacing', worker: refOf(worker), cause })
  drainWorker(turn, app, slot, worker, cause)
}

/** A worker that does not last must not be replaced in a storm: what a crash loop has in backoff, this has in its own. */
function countReplacement(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  const { restart } = settingsOf(app, worker.generation)
  const lasted = turn.now - worker.forkedAt >= restart.stableAfterMs
  slot.replaceDebt = lasted ? 0 : slot.replaceDebt + 1
  slot.replaceFrom = turn.now + backoffMs(slot.replaceDebt, restart.backoff, turn.random())
}

/** A surge worker that died before it was ready. The old one serves on. */
export function onReplacementFailed(turn: Turn, app: App, slot: Slot, exit: ExitDetails): void {
  const worker = slot.current
  if (worker === null) return
  turn.emit({ type: 'worker.replacementFailed', worker: refOf(worker), exit, retryInMs: postpone(turn, app, slot) })
}

/** How long until the next attempt. The first crash of a slot restarts at once, since somebody waits; nobody waits here. */
function postpone(turn: Turn, app: App, slot: Slot): number {
  slot.replaceDebt += 1
  const retryInMs = backoffMs(slot.replaceDebt + 1, app.settings.restart.backoff, turn.random())
  slot.replaceFrom = turn.now + retryInMs
  return retryInMs
}

/** Ends the next worker whose time is up. One at a time: a cause that all share must not take all of them away at once. */
function endOne(turn: Turn, app: App): void {
  const ending = app.slots.filter(({ current }) => current?.due?.how === 'end')
  const worst = ending
    .filter(({ current }) => current !== null && hasServed(current) && current.due?.how === 'end')
    .filter(({ current }) => current?.due?.how === 'end' && current.due.patienceUntil <= turn.now)
    .sort((a, b) => (a.current?.due?.since ?? 0) - (b.current?.due?.since ?? 0))[0]
  const worker = worst?.current ?? null
  if (worst === undefined || worker === null || worker.due?.how !== 'end') return
  if (isUnsettled(app, worst) || (turn.now < worker.due.lastCallAt && hasReplacementComing(app, worst, turn.now)))
    return
  endShortly(turn, app, worst, worker, worker.due.cause)
}

/** Another slot is on its way down or up: this one serves a little longer. A slot that waits behind a gate or a backoff does not count. */
function isUnsettled(app: App, but: Slot): boolean {
  return app.slots.some((slot) => {
    if (slot === but || slot.current === null) return false
    return slot.current.due?.how === 'end' ? !hasServed(slot.current) : isBooting(slot.current)
  })
}

/** The worker still answers, so it is better than none: its replacement has not had its time yet, or its turn. */
function hasReplacementComing(app: App, slot: Slot, now: number): boolean {
  if (slot.current === null || !isReady(slot.current) || app.rollout !== null) return false
  if (slot.next !== null) return isBooting(slot.next) && now < replacementLateAt(slot.next)
  return app.slots.some((other) => other !== slot && (other.next !== null || other.leaving.length > 0))
}

/** From then on its predecessor does not wait for it any more. */
export function replacementLateAt(next: Worker): number {
  return next.forkedAt + PATIENCE_MS
}

function endShortly(turn: Turn, app: App, slot: Slot, worker: Worker, cause: EndCause): void {
  // A loop that does not turn can't drain.
  if (cause === 'hang') return killNow(turn, slot, worker, 'hang')
  const { shutdown } = settingsOf(app, worker.generation)
  drainWorker(turn, app, slot, worker, cause, turn.now + Math.min(SHORT_DRAIN_MS, shutdown.deadlineMs))
}
