// One plain English line per event, for the person paged at night: what, who, why, what resil does next, and the fix.
// Each family has its own file; here is only which one answers. How loud it is: severity.ts.

import { assertNever } from '../errors.ts'
import { describeApp } from './describe-app.ts'
import { describeGate } from './describe-gate.ts'
import { describeIncident } from './describe-incident.ts'
import { describeReload } from './describe-reload.ts'
import { describeStrategy } from './describe-strategy.ts'
import { describeSupervisor } from './describe-supervisor.ts'
import { describeWatchdog } from './describe-watchdog.ts'
import { describeWorker } from './describe-worker.ts'
import type { ResilEvent } from './events.ts'

/** Never more than one line, whatever the event carries. */
export function describe(event: ResilEvent): string {
  return sentenceOf(event).replaceAll(/\s*[\r\n]+\s*/g, ' ')
}

function sentenceOf(event: ResilEvent): string {
  switch (event.type) {
    case 'supervisor.started':
    case 'supervisor.signalled':
    case 'supervisor.stopping':
    case 'supervisor.stopped':
    case 'supervisor.overslept':
    case 'supervisor.shortOfDescriptors':
    case 'supervisor.faulted':
    case 'invariant.violated':
    case 'output.dropped':
    case 'log.rotationFailed':
    case 'orphans.ended':
    case 'control.recreated':
    case 'supervisor.warned':
    case 'admin.listening':
    case 'admin.listenFailed':
      return describeSupervisor(event)
    case 'app.waiting':
    case 'app.running':
    case 'app.degraded':
    case 'app.failed':
    case 'app.ended':
    case 'app.scaled':
    case 'app.standbyRefused':
    case 'app.stopped':
    case 'slot.parked':
      return describeApp(event)
    case 'worker.forked':
    case 'worker.listening':
    case 'worker.ready':
    case 'worker.listenFailed':
    case 'worker.draining':
    case 'worker.signalled':
    case 'worker.cutOff':
    case 'worker.exited':
    case 'worker.standing':
    case 'worker.promoted':
    case 'worker.rotated':
    case 'worker.replacing':
    case 'worker.replaced':
    case 'worker.suspected':
    case 'worker.recovered':
    case 'worker.replacementFailed':
      return describeWorker(event)
    case 'watchdog.tripped':
    case 'watchdog.calmed':
    case 'evidence.taken':
      return describeWatchdog(event)
    case 'incident.opened':
    case 'incident.worsened':
    case 'incident.resolved':
    case 'incidents.unsaved':
    case 'hook.failed':
    case 'hook.recovered':
    case 'hook.dropped':
      return describeIncident(event)
    case 'gate.opened':
    case 'gate.trialStarted':
    case 'gate.closed':
      return describeGate(event)
    case 'breaker.opened':
    case 'breaker.closed':
    case 'chaos.injecting':
    case 'chaos.ended':
      return describeStrategy(event)
    case 'reload.started':
    case 'reload.slotReplaced':
    case 'reload.canaryStarted':
    case 'reload.canaryPassed':
    case 'reload.finished':
    case 'reload.rolledBack':
    case 'reload.halted':
    case 'reload.superseded':
    case 'restart.failed':
    case 'request.refused':
      return describeReload(event)
    default:
      return assertNever(event)
  }
}
