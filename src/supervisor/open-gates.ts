// When crashes open a restart gate, and how the trial behind an open gate is judged.

import { closedCircuit } from '../patterns/circuit-breaker/circuit.ts'
import { windowExceeded } from './crash-window.ts'
import { openGate, settleTrial } from './restart-gate.ts'
import { type App, placesOf } from './state/app.ts'
import { type Slot, workersOf } from './state/slot.ts'
import type { Worker } from './state/worker.ts'
import { emptyStorm, scoreAt, stormLimit } from './storm-budget.ts'
import { type Turn, updateWorker } from './turn.ts'

export function isGated(app: App, slot: Slot): boolean {
  return slot.gate.status !== 'closed' || app.gate.status !== 'closed'
}

export function openGatesIfExceeded(turn: Turn, app: App, slot: Slot): void {
  const { restart } = app.settings
  const { now } = turn
  if (slot.gate.status === 'closed' && windowExceeded(slot.crashes, restart.window.maxRestarts)) {
    slot.gate = openGate(slot.gate, restart.onExhausted, now)
    tellOpened(turn, app, slot, 'crash-window', slot.crashes.length)
  }
  const score = scoreAt(app.storm, restart.storm.halfLifeMs, now)
  if (app.gate.status === 'closed' && score > stormLimit(restart.storm.max, app.instances)) {
    app.gate = openGate(app.gate, restart.onExhausted, now)
    tellOpened(turn, app, null, 'storm-budget', Math.round(score))
  }
}

/** A trial has an end: tell the gates behind which it ran. */
export function settleGates(
  turn: Turn,
  app: App,
  slot: Slot,
  worker: Worker,
  outcome: 'stable' | 'crashed' | 'abandoned',
): void {
  const { onExhausted } = app.settings.restart
  const { now } = turn
  for (const side of worker.trialOf) {
    const holder = side === 'slot' ? slot : app
    if (holder.gate.status !== 'half-open') continue
    holder.gate = settleTrial(holder.gate, outcome, onExhausted, now)
    if (side === 'app' && app.gate.status === 'closed') app.storm = emptyStorm
    const told = side === 'slot' ? slot : null
    if (holder.gate.status === 'closed') turn.emit({ type: 'gate.closed', app: app.name, slot: told?.number ?? null })
    if (holder.gate.status === 'open') tellOpened(turn, app, told, 'trial-failed', slot.crashes.length)
  }
  if (outcome === 'stable') slot.crashes = []
}

/** A gate that was closed otherwise than by its trial has none any more: the end of that one must not judge a later gate. */
export function endTrial(slot: Slot, worker: Worker, sides: Worker['trialOf']): void {
  if (!worker.trialOf.some((side) => sides.includes(side))) return
  updateWorker(slot, { ...worker, trialOf: worker.trialOf.filter((side) => !sides.includes(side)) })
}

/** Its crashes were those of a release that has left the slot; with `onExhausted: hold` they would keep the next one out for ever. */
export function pardonSlot(slot: Slot): void {
  slot.gate = closedCircuit
  slot.crashes = []
  for (const worker of workersOf(slot)) endTrial(slot, worker, ['slot'])
}

/** The same for what keeps all slots down. */
export function pardonApp(app: App): void {
  app.gate = closedCircuit
  app.storm = emptyStorm
  for (const slot of placesOf(app)) for (const worker of workersOf(slot)) endTrial(slot, worker, ['app'])
}

function tellOpened(
  turn: Turn,
  app: App,
  slot: Slot | null,
  cause: 'crash-window' | 'storm-budget' | 'trial-failed',
  crashes: number,
): void {
  const gate = (slot ?? app).gate
  const retryInMs = gate.status === 'open' ? gate.until - turn.now : 0
  turn.emit({ type: 'gate.opened', app: app.name, slot: slot?.number ?? null, cause, crashes, retryInMs })
}
