// Workers whose liveness probe fails have to go (replace-workers.ts replaces them, one at a time). When more than half of three
// slots or more fail together, a shared cause is likelier than so many ill workers: once, nothing is done for a moment.

import { markEnding, relieve } from '../due.ts'
import { type App, wantedSlots } from '../state/app.ts'
import { hasServed, type Worker } from '../state/worker.ts'
import type { Turn } from '../turn.ts'

/** As long as a silent worker is only suspected: watchdogs.hang.suspectAfter's default. */
const HOLD_MS = 2_500
const FEWEST_SLOTS = 3

export function heedLiveness(turn: Turn, app: App): void {
  const serving = app.slots.flatMap((slot) => (isServing(slot.current) ? [{ slot, worker: slot.current }] : []))
  const failing = serving.filter(({ worker }) => worker.probes.liveness?.passing === false)
  // It passes again, before its turn came.
  for (const { slot, worker } of serving)
    if (worker.probes.liveness?.passing !== false) relieve(slot, worker, 'liveness')
  const shared = wantedSlots(app).length >= FEWEST_SLOTS && failing.length * 2 > serving.length
  if (failing.length === 0) app.livenessHeldUntil = null
  else if (shared) {
    app.livenessHeldUntil ??= turn.now + HOLD_MS
    if (turn.now < app.livenessHeldUntil) return
  }
  for (const { slot, worker } of failing) markEnding(turn, slot, worker, 'liveness')
}

function isServing(worker: Worker | null): worker is Worker {
  return worker !== null && hasServed(worker)
}
