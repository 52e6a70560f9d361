// A worker's agent reports once a second: its event loop turns, and how well (watchdogs/event-loop.ts). Requests count against
// recycle.maxRequests (recycle.ts).

import type { EventLoopLimits } from '../config/settings.ts'
import type { WorkerInput } from './inputs.ts'
import { markIfSpent } from './recycle.ts'
import { hasServed, type Slot, settingsOf, type Worker } from './state.ts'
import { findWorker, type Turn, updateWorker } from './turn.ts'
import { watchEventLoop } from './watchdogs/event-loop.ts'
import { tripEventLoop } from './watchdogs/trip.ts'

type Beat = Extract<WorkerInput, { type: 'worker.beat' }>

export function onWorkerBeat(turn: Turn, beat: Beat): void {
  const place = findWorker(turn, beat.worker)
  if (place === undefined) return
  const { app, slot, role } = place
  const worker = updateWorker(slot, { ...place.worker, vitals: { ...place.worker.vitals, beatAt: turn.now } })
  if (role !== 'current' || !hasServed(worker)) return
  const { eventLoop } = settingsOf(app, worker.generation).watchdogs
  if (eventLoop !== null) lookAtEventLoop(turn, slot, worker, beat, eventLoop)
  if (slot.current !== null) markIfSpent(turn, app, slot, slot.current, beat.requests)
}

function lookAtEventLoop(turn: Turn, slot: Slot, worker: Worker, beat: Beat, limits: EventLoopLimits): void {
  const { watch, verdict } = watchEventLoop(worker.vitals.eventLoop, beat, limits, turn.now)
  const looked = updateWorker(slot, { ...worker, vitals: { ...worker.vitals, eventLoop: watch } })
  if (verdict !== null) tripEventLoop(turn, slot, looked, verdict, limits)
}
