// What is late: boots past ready.timeout, drains past their end, kills that did not kill.

import { requiredEndpoints } from './bring-up-workers.ts'
import { postponeEnd } from './due.ts'
import { failRollout } from './end-rollout.ts'
import { killNow, killWorker } from './end-worker.ts'
import { missingEndpoints } from './readiness.ts'
import { grantPace } from './rollout-pace.ts'
import { type App, placesOf } from './state/app.ts'
import { type Slot, workersOf } from './state/slot.ts'
import type { Worker } from './state/worker.ts'
import { setStage, type Turn, updateWorker } from './turn.ts'
import { observeLonger } from './watch-canary.ts'
import { shiftVitals } from './watchdogs/vitals.ts'

export function enforceDeadlines(turn: Turn, app: App): void {
  for (const slot of placesOf(app)) {
    for (const worker of workersOf(slot)) enforce(turn, app, slot, worker)
  }
}

/** No kill on time that the supervisor did not see: who boots, drains or is over a limit may have waited for it. A stop keeps its deadline. */
export function grantTime(turn: Turn, lateMs: number): void {
  for (const app of turn.state.apps.filter(({ phase }) => phase.status === 'active')) {
    observeLonger(app, lateMs)
    grantPace(app, lateMs)
    // Nor did anybody try what keeps it down, or see whether its workers live.
    if (app.unreadySince !== null) app.unreadySince += lateMs
    if (app.gatedSince !== null) app.gatedSince += lateMs
    if (app.livenessHeldUntil !== null) app.livenessHeldUntil += lateMs
    for (const slot of placesOf(app)) {
      for (const worker of workersOf(slot)) {
        const due = postponeEnd(worker.due, lateMs)
        const seen = updateWorker(slot, { ...worker, due, vitals: shiftVitals(worker.vitals, lateMs) })
        const { stage } = seen
        if (stage.status === 'suspect') {
          const silentSince = stage.silentSince + lateMs
          setStage(slot, seen, { ...stage, silentSince, judgedAt: stage.judgedAt + lateMs })
        }
        if (stage.status !== 'booting' && stage.status !== 'draining') continue
        setStage(slot, seen, { ...stage, deadline: stage.deadline + lateMs })
      }
    }
  }
}

function enforce(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  const { stage } = worker
  switch (stage.status) {
    case 'booting':
      if (turn.now >= stage.deadline) onBootTimeout(turn, app, slot, worker)
      return
    case 'draining':
      if (turn.now >= stage.deadline) killWorker(turn, app, slot, worker, 'drain-deadline')
      return
    case 'killing':
      if (turn.now >= stage.deadline) killNow(turn, slot, worker, stage.reason)
      return
    case 'warming':
    case 'ready':
    case 'suspect':
    case 'standby':
      return
  }
}

function onBootTimeout(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  const missing = missingEndpoints(worker, requiredEndpoints(app, worker))
  const servesSome = worker.endpoints.length > 0 && missing.length > 0
  if (servesSome) failRollout(turn, app, slot, worker, { reason: 'missing-port', missing })
  killWorker(turn, app, slot, worker, 'boot-timeout')
}
