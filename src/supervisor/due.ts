// Which workers have to go though nobody asked for it, and how urgent it is. Marked by whoever finds out (recycle.ts, watchdogs,
// probes); carried out by replace-workers.ts.

import type { EndCause, ReplaceCause } from '../events/events.ts'
import type { Due, Slot, Worker } from './state.ts'
import { type Turn, updateWorker } from './turn.ts'

/** How long a worker that has to go is kept for its replacement to boot. */
export const PATIENCE_MS = 5_000
/** The longest that it is kept, where several have to go and their replacements come one after the other. */
const LAST_CALL_MS = 15_000

/** Worst first. DESIGN 6: reload > memory > lag > age > requests > scale. */
const URGENCY: readonly ReplaceCause[] = ['memory', 'lag', 'cpu', 'age', 'requests']

/** It is to be replaced when that costs nothing. The more urgent of two causes stays. */
export function markDue(turn: Turn, slot: Slot, worker: Worker, cause: ReplaceCause): void {
  const { due } = worker
  if (due?.how === 'end' || (due !== null && URGENCY.indexOf(due.cause) <= URGENCY.indexOf(cause))) return
  updateWorker(slot, { ...worker, due: { how: 'replace', cause, since: due?.since ?? turn.now } })
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
  if (worker.due?.how === 'end') return
  const isNow = cause === 'hang' || when === 'now'
  const due: Due = {
    how: 'end',
    cause,
    since: worker.due?.since ?? turn.now,
    patienceUntil: turn.now + (isNow ? 0 : PATIENCE_MS),
    lastCallAt: turn.now + (isNow ? 0 : LAST_CALL_MS),
  }
  updateWorker(slot, { ...worker, due })
}

/** The lower, the more urgent. */
export function urgencyOf(due: Due | null): number {
  if (due === null) return URGENCY.length
  return due.how === 'end' ? -1 : URGENCY.indexOf(due.cause)
}
