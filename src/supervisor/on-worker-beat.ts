// A worker's agent reports once a second. Here it only counts requests against recycle.maxRequests (recycle.ts).

import type { WorkerInput } from './inputs.ts'
import { markIfSpent } from './recycle.ts'
import { findWorker, type Turn } from './turn.ts'

export function onWorkerBeat(turn: Turn, input: Extract<WorkerInput, { type: 'worker.beat' }>): void {
  const place = findWorker(turn, input.worker)
  if (place === undefined || place.role !== 'current') return
  markIfSpent(turn, place.app, place.slot, place.worker, input.requests)
}
