// Which workers have to go though nobody asked for it, and how urgent it is. Marked by whoever finds out (recycle.ts, watchdogs,
// probes); carried out by replace-workers.ts.

import type { EndCause, ReplaceCause } from '../events/causes.ts'
import type { Slot } from './state/slot.ts'
import type { Due, Worker } from './state/worker.ts'
import { type Turn, updateWorker } from './turn.ts'

/** How long a worker that has to go is kept for its replacement to boot. */
export const PATIENCE_MS = 5_000
/** The longest that it is kept, where several have to go and their replacements come one after the other. */
const LAST_CALL_MS = 15_000

/** Worst first; a reload comes before all of them, a smaller scale after. */
const URGENCY: readonly ReplaceCause[] = ['memory', 'descriptors', 'lag', 'cpu', 'age', 'requests']

/** Causes that may pass by themselves: a loop turns again, a probe passes again. Watchdogs tell the others only once. */
const PASSING: ReadonlySet<Due['cause']> = new Set(['hang', 'liveness'])

/** It is to be replaced when that costs nothing. */
export function markDue(turn: Turn, slot: Slot, worker: Worker, cause: ReplaceCause): void {
  add(turn, slot, worker, { how: 'replace', cause, since: worker.due?.since ?? turn.now })
}

/**
 * It has to go. A replacement is waited for, as long as the worker can be trusted: not at all (`now`) where its loop does not turn
 * or the person wants it so.
 */
export function markEnding(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  cause: EndCause,
  when: 'now' | 'soon' = 'soon',
): void {
  const isNow = cause === 'hang' || when === 'now'
  const due: Due = {
    how: 'end',
    cause,
    since: worker.due?.since ?? turn.now,
    patienceUntil: turn.now + (isNow ? 0 : PATIENCE_MS),
    lastCallAt: turn.now + (isNow ? 0 : LAST_CALL_MS),
    beneath: null,
  }
  add(turn, slot, worker, due)
}

/** What ailed it has passed; what else was found meanwhile has not. */
export function relieve(slot: Slot, worker: Worker, cause: EndCause): Worker {
  const due = without(worker.due, cause)
  return due === worker.due ? worker : updateWorker(slot, { ...worker, due })
}

function add(turn: Turn, slot: Slot, worker: Worker, more: Due): void {
  const due = both(worker.due, more)
  if (due === worker.due) return
  turn.marks += 1
  updateWorker(slot, { ...worker, due })
}

/** The more urgent of two causes counts, and among equals the one that was there. The other one waits beneath it where that may pass. */
function both(there: Due | null, more: Due): Due {
  if (there === null || (there.how === more.how && there.cause === more.cause)) return there ?? more
  const [above, below] = isSooner(more, there) ? [more, there] : [there, more]
  if (above.how === 'replace' || !PASSING.has(above.cause)) return above
  const beneath = both(above.beneath, below)
  return beneath === above.beneath ? above : { ...above, beneath }
}

function isSooner(one: Due, other: Due): boolean {
  if (one.how === 'end' && other.how === 'end') return one.patienceUntil < other.patienceUntil
  return urgencyOf(one) < urgencyOf(other)
}

function without(due: Due | null, cause: EndCause): Due | null {
  if (due?.how !== 'end') return due
  return due.cause === cause ? due.beneath : { ...due, beneath: without(due.beneath, cause) }
}

/** The supervisor did not look for so long, so no replacement can have come in that time. */
export function postponeEnd(due: Due | null, lateMs: number): Due | null {
  if (due?.how !== 'end') return due
  const { patienceUntil, lastCallAt, beneath } = due
  return {
    ...due,
    patienceUntil: patienceUntil + lateMs,
    lastCallAt: lastCallAt + lateMs,
    beneath: postponeEnd(beneath, lateMs),
  }
}

/** The lower, the more urgent. */
export function urgencyOf(due: Due | null): number {
  if (due === null) return URGENCY.length
  return due.how === 'end' ? -1 : URGENCY.indexOf(due.cause)
}
