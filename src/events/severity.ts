// How loud an event is. warn: something failed and resil deals with it. error: a person should look.

import { assertNever } from '../errors.ts'
import type { ResilEvent } from './events.ts'
import type { ExitDetails } from './exit.ts'

export type Severity = 'debug' | 'info' | 'warn' | 'error'

export function severityOf(event: ResilEvent): Severity {
  switch (event.type) {
    case 'worker.forked':
    case 'worker.listening':
    case 'worker.draining':
      return 'debug'
    case 'supervisor.started':
    case 'supervisor.signalled':
    case 'admin.listening':
    case 'app.waiting':
    case 'app.running':
    case 'app.scaled':
    case 'app.stopped':
    case 'slot.parked':
    case 'worker.ready':
    case 'worker.standing':
    case 'worker.promoted':
    case 'worker.replacing':
    case 'worker.replaced':
    case 'worker.recovered':
    case 'gate.trialStarted':
    case 'gate.closed':
    case 'reload.started':
    case 'reload.slotReplaced':
    case 'reload.canaryStarted':
    case 'reload.canaryPassed':
    case 'reload.finished':
    case 'evidence.taken':
    case 'breaker.closed':
    case 'chaos.ended':
    case 'incident.opened':
    case 'incident.worsened':
    case 'incident.resolved':
    case 'hook.recovered':
    case 'watchdog.calmed':
      return 'info'
    case 'output.dropped':
    case 'log.rotationFailed':
    case 'orphans.ended':
    case 'control.recreated':
    case 'supervisor.warned':
    case 'supervisor.overslept':
    case 'supervisor.shortOfDescriptors':
    case 'watchdog.tripped':
    case 'worker.suspected':
    case 'worker.cutOff':
    case 'breaker.opened':
    case 'chaos.injecting':
    case 'incidents.unsaved':
    case 'hook.failed':
    case 'hook.dropped':
    case 'app.degraded':
    case 'app.standbyRefused':
    case 'reload.superseded':
    case 'request.refused':
    case 'worker.replacementFailed':
      return 'warn'
    case 'admin.listenFailed':
    case 'supervisor.faulted':
    case 'invariant.violated':
    case 'app.failed':
    case 'worker.listenFailed':
    case 'gate.opened':
    case 'reload.rolledBack':
    case 'reload.halted':
    case 'restart.failed':
      return 'error'
    case 'worker.rotated':
      return event.inRotation ? 'info' : 'warn'
    case 'supervisor.stopping':
      return event.forced ? 'warn' : 'info'
    case 'supervisor.stopped':
      return event.exitCode === 0 ? 'info' : 'error'
    case 'app.ended':
      return event.exitCode === 0 ? 'info' : 'warn'
    case 'worker.signalled':
      return severityOfSignal(event.reason)
    case 'worker.exited':
      return severityOfExit(event.exit, event.after.do)
    default:
      return assertNever(event)
  }
}

type WorkerExited = Extract<ResilEvent, { type: 'worker.exited' }>
type SignalReason = Extract<ResilEvent, { type: 'worker.signalled' }>['reason']

function severityOfSignal(reason: SignalReason): Severity {
  switch (reason) {
    case 'boot-timeout':
    case 'startup-probe':
    case 'drain-deadline':
    case 'unresponsive':
    case 'forced':
    case 'memory':
    case 'descriptors':
    case 'liveness':
    case 'hang':
    case 'lag':
    case 'cpu':
      return 'warn'
    case 'stop':
    case 'reload':
    case 'restart':
    case 'scale':
    case 'rollback':
    case 'age':
    case 'requests':
      return 'debug'
    default:
      return assertNever(reason)
  }
}

function severityOfExit({ kind }: ExitDetails, after: WorkerExited['after']['do']): Severity {
  switch (kind) {
    case 'planned':
      return 'debug'
    case 'clean':
      return after === 'restart' || after === 'wait-for-gate' ? 'warn' : 'info'
    case 'code':
    case 'signal':
      return 'warn'
    case 'hang':
    case 'memory':
    case 'unhealthy':
    case 'oom':
    case 'boot-failure':
    case 'boot-timeout':
    case 'fork-failed':
      return 'error'
    default:
      return assertNever(kind)
  }
}
