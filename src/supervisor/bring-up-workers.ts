// From booting to warming to ready, and what becoming ready means for the slot, its gates and the app.
// Level-triggered: looks at all booting workers at each step, so no order of signs can be missed.

import { settleGates } from './open-gates.ts'
import { readySignal } from './readiness.ts'
import { type App, settingsOf } from './state/app.ts'
import { goalOf } from './state/rollout.ts'
import { type Slot, workersOf } from './state/slot.ts'
import type { ReadyBy } from './state/stage.ts'
import { refOf, type Worker } from './state/worker.ts'
import { setStage, type Turn, updateWorker } from './turn.ts'

export function bringUpWorkers(turn: Turn, app: App): void {
  for (const slot of app.slots) {
    for (const worker of workersOf(slot)) bringUp(turn, app, slot, worker)
  }
}

function bringUp(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  const { stage } = worker
  const settings = settingsOf(app, worker.generation)
  if (stage.status === 'booting') {
    const by = readySignal(worker, app, settings, requiredEndpoints(app, worker), turn.now)
    if (by === null) return
    slot.bootMs = turn.now - worker.forkedAt
    const readyAt = turn.now + minReadyMs(app, worker)
    const warming = setStage(slot, worker, { status: 'warming', readyAt, by })
    if (readyAt <= turn.now) becomeReady(turn, app, slot, warming, by)
  } else if (stage.status === 'warming' && turn.now >= stage.readyAt) {
    becomeReady(turn, app, slot, worker, stage.by)
  } else if (stage.status === 'ready' && worker.trialOf.length > 0) {
    if (turn.now - stage.since >= settings.restart.stableAfterMs) {
      settleGates(turn, app, slot, worker, 'stable')
      slot.debt = 0
      setStage(slot, { ...worker, trialOf: [] }, stage)
    }
  }
}

/** Only a rollout, of new before old or old before new, asks for survival: at a first start or after a crash, each millisecond without a worker costs requests. */
function minReadyMs(app: App, worker: Worker): number {
  return app.rollout === null ? 0 : settingsOf(app, worker.generation).ready.minReadyMs
}

/** The first generation sets the example; later ones must follow it. */
export function requiredEndpoints(app: App, worker: Worker): readonly string[] {
  if (app.rollout?.kind === 'reload' && worker.generation === app.rollout.to) return app.rollout.endpoints
  return app.endpoints
}

function becomeReady(turn: Turn, app: App, slot: Slot, worker: Worker, by: ReadyBy): void {
  if (!worker.inRotation) turn.commands.push({ type: 'rotate', worker: worker.id, inRotation: true })
  const ready = updateWorker(slot, {
    ...worker,
    inRotation: true,
    stage: { status: 'ready', since: turn.now },
    vitals: { ...worker.vitals, watchedFrom: turn.now },
  })
  app.everReady = true
  slot.failedBoots = 0
  const bootMs = turn.now - (worker.promotedAt ?? worker.forkedAt)
  turn.emit({ type: 'worker.ready', worker: refOf(ready), bootMs, by })
  // A slot that had no worker when the reload came by is replaced by its start; the others by their surge worker (roll-out.ts).
  if (app.rollout?.kind === 'reload' && slot.current === ready && ready.generation === goalOf(app.rollout)) {
    const { request } = app.rollout
    const { generation, pid } = ready
    turn.emit({ type: 'reload.slotReplaced', app: app.name, generation, request, slot: slot.number, bootMs, pid })
  }
}
