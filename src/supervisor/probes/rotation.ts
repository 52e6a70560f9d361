// Which workers get new connections. One whose readiness probe fails gets none, and keeps those that it has; it is not ended.
// When more than half of the ready workers fail together all stay in: the cause is a shared one, such as their database, and
// taking all of them out would only turn slow answers into none (Envoy's panic threshold, Kubernetes' single-point readiness).
// A worker of a new release that goes out condemns it while its reload is under way: the others could not follow it anyway, as
// the floor would keep the old ones.

import { failRollout } from '../end-rollout.ts'
import { type App, placesOf, settingsOf } from '../state/app.ts'
import { type Slot, workersOf } from '../state/slot.ts'
import { refOf, type Worker } from '../state/worker.ts'
import { type Turn, updateWorker } from '../turn.ts'

export function rotate(turn: Turn, app: App): void {
  const all = placesOf(app).flatMap((slot) => workersOf(slot).map((worker) => ({ slot, worker })))
  const ready = all.filter(({ worker }) => worker.stage.status === 'ready')
  const failing = ready.filter(({ worker }) => worker.probes.readiness?.passing === false)
  const together = failing.length * 2 > ready.length
  for (const { slot, worker } of ready) {
    const fails = worker.probes.readiness?.passing === false
    turnTo(turn, slot, worker, !fails || together)
    if (fails && !together) condemn(turn, app, slot, worker)
  }
}

/** A worker with a readiness probe gets nothing before it has passed once. */
export function startsInRotation(app: App, generation: number): boolean {
  return settingsOf(app, generation).probes.readiness === null
}

function condemn(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  if (app.rollout?.kind !== 'reload' || app.rollout.to !== worker.generation) return
  const detail = worker.probes.readiness?.detail ?? ''
  failRollout(turn, app, slot, worker, { reason: 'probe-failed', probe: `readiness: ${detail}` })
}

function turnTo(turn: Turn, slot: Slot, worker: Worker, inRotation: boolean): void {
  if (worker.inRotation === inRotation) return
  const turned = updateWorker(slot, { ...worker, inRotation })
  turn.commands.push({ type: 'rotate', worker: worker.id, inRotation })
  const said = worker.probes.readiness?.detail ?? ''
  const stillFails = inRotation && worker.probes.readiness?.passing === false
  const detail = stillFails ? `${said}, but most workers fail with it` : said
  turn.emit({ type: 'worker.rotated', worker: refOf(turned), inRotation, detail })
}
