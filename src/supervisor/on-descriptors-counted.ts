// The descriptors of all workers have been counted. Only workers that serve are looked at, as with the other measurements.

import type { WorkerInput } from './inputs.ts'
import { settingsOf } from './state/app.ts'
import { hasServed } from './state/worker.ts'
import { findWorker, type Turn, updateWorker } from './turn.ts'
import { watchDescriptors } from './watchdogs/descriptors.ts'
import { tellCalmed, tripDescriptors } from './watchdogs/trip.ts'

type Counted = Extract<WorkerInput, { type: 'workers.descriptorsCounted' }>

export function onDescriptorsCounted(turn: Turn, { counts }: Counted): void {
  for (const count of counts) {
    const place = findWorker(turn, count.worker)
    if (place === undefined || place.role !== 'current' || !hasServed(place.worker)) continue
    const { app, slot, worker } = place
    const limits = settingsOf(app, worker.generation).watchdogs.descriptors
    if (limits === null) continue
    const { watch, tripped } = watchDescriptors(worker.vitals.descriptors, count, limits, turn.now)
    const looked = updateWorker(slot, { ...worker, vitals: { ...worker.vitals, descriptors: watch } })
    tellCalmed(turn, worker.vitals, looked)
    if (tripped) tripDescriptors(turn, slot, looked, count, limits)
  }
}
