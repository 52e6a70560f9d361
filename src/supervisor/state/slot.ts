// A place for a worker. What outlives its workers is kept here: crashes, backoff, gate, why it is vacant. The law that uses
// them is in on-worker-exit.ts and start-workers.ts.

import type { ExitDetails } from '../../events/exit.ts'
import { type Circuit, closedCircuit } from '../../patterns/circuit-breaker/circuit.ts'
import type { Worker } from './worker.ts'

export interface Slot {
  readonly number: number
  /** Of the next worker that starts here by itself. */
  generation: number
  current: Worker | null
  /** A surge worker that will take over from `current`. */
  next: Worker | null
  leaving: Worker[]
  /** Counts only while `current` is null. */
  vacancy: Vacancy
  /** When it crashed, oldest first; only what the crash window still sees. */
  crashes: number[]
  /** Crashes since the last forgiven one; decides the backoff. */
  debt: number
  /** Boots that failed while the app had never been ready. */
  failedBoots: number
  gate: Circuit
  /** Unplanned restarts, in total. */
  restarts: number
  lastExit: ExitDetails | null
  /** From fork to ready signal, of the last worker that got there; null: none has. */
  bootMs: number | null
  /** Scaled away: it goes when its workers have gone. */
  retired: boolean
  /** Replacements of its worker that failed, or that did not last, in a row; and when the next may be tried. */
  replaceDebt: number
  replaceFrom: number
}

/** Why a slot without a worker has none. */
export type Vacancy =
  | { readonly status: 'empty' }
  | { readonly status: 'backoff'; readonly until: number }
  /** Not started again until a person says so. `exitCode`: how its worker ended by policy; null: stopped by hand. */
  | { readonly status: 'parked'; readonly exitCode: number | null }

export function vacantSlot(number: number, generation: number): Slot {
  return {
    number,
    generation,
    current: null,
    next: null,
    leaving: [],
    vacancy: { status: 'empty' },
    crashes: [],
    debt: 0,
    failedBoots: 0,
    gate: closedCircuit,
    restarts: 0,
    lastExit: null,
    bootMs: null,
    retired: false,
    replaceDebt: 0,
    replaceFrom: 0,
  }
}

export function copySlot(slot: Slot): Slot {
  return { ...slot, leaving: [...slot.leaving], crashes: [...slot.crashes] }
}

/** All processes of a slot, whatever they are doing. */
export function workersOf(slot: Slot): Worker[] {
  const workers = [...slot.leaving]
  if (slot.next !== null) workers.unshift(slot.next)
  if (slot.current !== null) workers.unshift(slot.current)
  return workers
}

/** Of its worker; a slot without one has the generation that its next worker will be of. */
export function generationOf(slot: Slot): number {
  return slot.current?.generation ?? slot.generation
}
