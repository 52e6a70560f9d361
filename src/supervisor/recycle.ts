// Recycling: workers that are old enough, by age or by requests answered, are due for replacement. How they are replaced, one by
// one and new before old, is replace-workers.ts. Each worker draws its own limits, so that those of one generation do not all
// come due together (gunicorn#3427); the disruption budget keeps them apart where chance does not.

import type { RecycleSettings } from '../config/settings.ts'
import { markDue } from './due.ts'
import { type App, settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import { isReady, type Worker } from './state/worker.ts'
import type { Turn } from './turn.ts'

const NEVER: Worker['recycle'] = { at: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY }

/** Drawn at the fork. `at` is monotonic milliseconds; whole numbers. */
export function recycleLimits(
  recycle: RecycleSettings | null,
  forkedAt: number,
  random: () => number,
): Worker['recycle'] {
  if (recycle === null) return NEVER
  const stretched = (limit: number) => Math.floor(limit * (1 + random() * recycle.jitter))
  const { maxAgeMs, maxRequests, minLifeMs } = recycle
  return {
    at: maxAgeMs === null ? NEVER.at : forkedAt + Math.max(minLifeMs, stretched(maxAgeMs)),
    requests: maxRequests === null ? NEVER.requests : stretched(maxRequests),
  }
}

export function markForRecycling(turn: Turn, app: App): void {
  for (const slot of app.slots) {
    const { current } = slot
    if (current !== null && isReady(current) && turn.now >= current.recycle.at) markDue(turn, slot, current, 'age')
  }
}

/** `requests`: what the worker has begun so far. One that is too young is looked at again with its next beat. */
export function markIfSpent(turn: Turn, app: App, slot: Slot, worker: Worker, requests: number): void {
  const { recycle } = settingsOf(app, worker.generation)
  if (recycle === null || !isReady(worker) || requests < worker.recycle.requests) return
  if (turn.now - worker.forkedAt >= recycle.minLifeMs) markDue(turn, slot, worker, 'requests')
}
