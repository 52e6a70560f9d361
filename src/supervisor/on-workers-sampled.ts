// The sampler has measured all workers, once a second: memory and CPU are looked at. Only workers that serve are: one that boots
// has its own limit in time, and one that leaves is leaving.

import type { WorkerInput } from './inputs.ts'
import { settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import { hasServed, type Worker } from './state/worker.ts'
import { findWorker, type Turn, updateWorker } from './turn.ts'
import { watchCpu } from './watchdogs/cpu.ts'
import { watchMemory } from './watchdogs/memory.ts'
import { memoryLimitsOf } from './watchdogs/memory-limits.ts'
import { tellCalmed, tripCpu, tripMemory } from './watchdogs/trip.ts'

type Sampled = Extract<WorkerInput, { type: 'workers.sampled' }>

export function onWorkersSampled(turn: Turn, { samples }: Sampled): void {
  for (const sample of samples) {
    const place = findWorker(turn, sample.worker)
    if (place === undefined || place.role !== 'current' || !hasServed(place.worker)) continue
    const { memory: configured, cpu } = settingsOf(place.app, place.worker.generation).watchdogs
    const memory = memoryLimitsOf(turn.state, configured, place.worker)
    if (memory !== null) lookAtMemory(turn, place.slot, place.worker, sample.rssBytes, memory)
    const worker = place.slot.current
    if (cpu !== null && sample.cpuShare !== null && worker !== null)
      lookAtCpu(turn, place.slot, worker, sample.cpuShare, cpu)
  }
}

type Limits<Name extends 'memory' | 'cpu'> = NonNullable<ReturnType<typeof settingsOf>['watchdogs'][Name]>

function lookAtMemory(turn: Turn, slot: Slot, worker: Worker, rssBytes: number, limits: Limits<'memory'>): void {
  const { stage, vitals } = worker
  const readySince = stage.status === 'ready' ? stage.since : stage.status === 'suspect' ? stage.readySince : turn.now
  const { watch, verdict } = watchMemory(vitals.memory, rssBytes, limits, turn.now - readySince, turn.now)
  const looked = updateWorker(slot, { ...worker, vitals: { ...vitals, memory: watch } })
  tellCalmed(turn, vitals, looked)
  if (verdict !== null) tripMemory(turn, slot, looked, rssBytes, verdict, limits)
}

function lookAtCpu(turn: Turn, slot: Slot, worker: Worker, share: number, limit: Limits<'cpu'>): void {
  const { watch, tripped } = watchCpu(worker.vitals.cpu, share, limit, turn.now)
  const looked = updateWorker(slot, { ...worker, vitals: { ...worker.vitals, cpu: watch } })
  tellCalmed(turn, worker.vitals, looked)
  if (tripped) tripCpu(turn, slot, looked, share, limit)
}
