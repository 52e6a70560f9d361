// A worker's agent reports once a second: its event loop turns, and how well (watchdogs/event-loop.ts). Requests count against
// recycle.maxRequests (recycle.ts).

import type { EventLoopLimits } from '../config/settings.ts'
import { relieve } from './due.ts'
import type { WorkerInput } from './inputs.ts'
import { markIfSpent } from './recycle.ts'
import { settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import type { Stage } from './state/stage.ts'
import { hasServed, refOf, type Worker } from './state/worker.ts'
import { findWorker, setStage, type Turn, updateWorker } from './turn.ts'
import { countForCanary } from './watch-canary.ts'
import { watchEventLoop } from './watchdogs/event-loop.ts'
import { tellCalmed, tripEventLoop } from './watchdogs/trip.ts'

type Beat = Extract<WorkerInput, { type: 'worker.beat' }>

/** Whether anything may follow from it: hardly ever. */
export function onWorkerBeat(turn: Turn, beat: Beat): boolean {
  const place = findWorker(turn, beat.worker)
  if (place === undefined) return false
  const { app, slot, role } = place
  const vitals = { ...place.worker.vitals, beatAt: turn.now, connections: beat.connections }
  const heard = updateWorker(slot, { ...place.worker, vitals })
  const worker = heard.stage.status === 'suspect' ? recover(turn, slot, heard, heard.stage) : heard
  if (role !== 'current' || !hasServed(worker)) return turn.events.length > 0
  countForCanary(app, worker, beat)
  const { eventLoop } = settingsOf(app, worker.generation).watchdogs
  if (eventLoop !== null) lookAtEventLoop(turn, slot, worker, beat, eventLoop)
  if (slot.current !== null) markIfSpent(turn, app, slot, slot.current, beat.requests)
  // A canary is judged by what beats tell.
  return app.rollout !== null || slot.current?.due !== place.worker.due || turn.events.length > 0
}

/** It was only slow. If it was about to be killed for it, it is not any more. */
function recover(turn: Turn, slot: Slot, worker: Worker, stage: Extract<Stage, { status: 'suspect' }>): Worker {
  const ready = setStage(slot, relieve(slot, worker, 'hang'), { status: 'ready', since: stage.readySince })
  // One whose readiness probe failed stays out for that.
  if (worker.inRotation) turn.commands.push({ type: 'rotate', worker: worker.id, inRotation: true })
  turn.emit({ type: 'worker.recovered', worker: refOf(ready), silentMs: turn.now - stage.silentSince })
  return ready
}

function lookAtEventLoop(turn: Turn, slot: Slot, worker: Worker, beat: Beat, limits: EventLoopLimits): void {
  const { watch, verdict } = watchEventLoop(worker.vitals.eventLoop, beat, limits, turn.now)
  const looked = updateWorker(slot, { ...worker, vitals: { ...worker.vitals, eventLoop: watch } })
  tellCalmed(turn, worker.vitals, looked)
  if (verdict !== null) tripEventLoop(turn, slot, looked, verdict, limits)
}
