// One step in the making: a private copy of the state, and what the step has decided so far.
// Decisions change the copy, push commands and emit events; nothing outside sees it until the step returns.

import type { ResilEvent } from '../events/events.ts'
import type { Command } from './commands.ts'
import { type App, placesOf } from './state/app.ts'
import { type Slot, workersOf } from './state/slot.ts'
import type { Stage } from './state/stage.ts'
import { copyState, type SupervisorState } from './state/supervisor.ts'
import type { Worker } from './state/worker.ts'

/** Where a worker stands: its app, its slot, and in which part of the slot. */
export interface Place {
  readonly app: App
  readonly slot: Slot
  readonly worker: Worker
  readonly role: 'current' | 'next' | 'leaving' | 'standby'
}

export interface Turn {
  readonly state: SupervisorState
  readonly now: number
  readonly commands: Command[]
  readonly events: ResilEvent[]
  /** Workers marked as due: a decision that neither tells nor commands anything by itself. */
  marks: number
  emit(event: ResilEvent): void
  /** In [0, 1), from the seed in the state. */
  random(): number
}

export function beginTurn(before: SupervisorState, now: number): Turn {
  const state = copyState(before)
  const commands: Command[] = []
  const events: ResilEvent[] = []
  return {
    state,
    now,
    commands,
    events,
    marks: 0,
    emit: (event) => events.push(event),
    random: () => {
      const [value, seed] = mulberry32(state.seed)
      state.seed = seed
      return value
    },
  }
}

/** Tommy Ettinger's mulberry32: small, seedable, and good enough for jitter. Returns the value and the next seed. */
function mulberry32(seed: number): [value: number, next: number] {
  const next = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(next ^ (next >>> 15), 1 | next)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return [((t ^ (t >>> 14)) >>> 0) / 2 ** 32, next]
}

export function findApp(turn: Turn, name: string): App | undefined {
  return turn.state.apps.find((app) => app.name === name)
}

/** undefined: it has gone already; messages of the dead are ignored. */
export function findWorker(turn: Turn, id: number): Place | undefined {
  for (const app of turn.state.apps) {
    for (const slot of app.slots) {
      if (slot.current?.id === id) return { app, slot, worker: slot.current, role: 'current' }
      if (slot.next?.id === id) return { app, slot, worker: slot.next, role: 'next' }
      const leaving = slot.leaving.find((worker) => worker.id === id)
      if (leaving !== undefined) return { app, slot, worker: leaving, role: 'leaving' }
    }
    const standby = app.reserve.leaving.find((worker) => worker.id === id)
    if (standby !== undefined) return { app, slot: app.reserve, worker: standby, role: 'standby' }
  }
  return undefined
}

/** Puts a changed worker back in its place. */
export function updateWorker(slot: Slot, changed: Worker): Worker {
  if (slot.current?.id === changed.id) slot.current = changed
  else if (slot.next?.id === changed.id) slot.next = changed
  else slot.leaving = slot.leaving.map((worker) => (worker.id === changed.id ? changed : worker))
  return changed
}

export function setStage(slot: Slot, worker: Worker, stage: Stage): Worker {
  return updateWorker(slot, { ...worker, stage })
}

/** Takes an ended worker out of its slot. */
export function removeWorker(slot: Slot, id: number): void {
  if (slot.current?.id === id) slot.current = null
  else if (slot.next?.id === id) slot.next = null
  else slot.leaving = slot.leaving.filter((worker) => worker.id !== id)
}

/** Boots of all workers, or only of those that fill a slot. */
export function bootsInFlight(turn: Turn, of: 'all' | 'slots'): number {
  const slots = turn.state.apps.flatMap((app) => (of === 'all' ? placesOf(app) : app.slots))
  const workers = slots.flatMap((slot) => (of === 'all' ? workersOf(slot) : (slot.current ?? [])))
  return workers.filter(({ stage }) => stage.status === 'booting').length
}
