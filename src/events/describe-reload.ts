// What is said about reloads and restarts that somebody asked for.

import { assertNever } from '../errors.ts'
import { canaryWords } from './canary-report.ts'
import { exitCure, exitWords } from './describe-exit.ts'
import type { ReloadEvent, ReloadFailure } from './family/reload.ts'
import { stallWords } from './stall-words.ts'
import { count, duration, list, slotName } from './words.ts'

export function describeReload(event: ReloadEvent): string {
  const { app } = event
  switch (event.type) {
    case 'reload.started':
      return event.restart
        ? `${app}: restart begins, ${count(event.slots, 'worker')}`
        : `${app}: reload to generation ${event.generation} begins, ${count(event.slots, 'worker')}`
    case 'reload.slotReplaced': {
      const pid = event.pid === null ? '' : ` (pid ${event.pid})`
      return `${slotName(app, event.slot)} is replaced in generation ${event.generation}${pid}, ready after ${duration(event.bootMs)}`
    }
    case 'reload.canaryStarted':
      return `${list(event.slots.map((slot) => slotName(app, slot)))} ${event.slots.length === 1 ? 'tries' : 'try'} generation ${event.generation} for ${duration(event.observeMs)} before the others follow`
    case 'reload.canaryPassed':
      return `${app}: the canary of generation ${event.generation} has passed after ${duration(event.report.observedMs)}: ${canaryWords(event.report)}`
    case 'reload.finished':
      return `${app}: all workers are of generation ${event.generation} and ready, after ${duration(event.tookMs)}`
    case 'reload.rolledBack':
      return `${app}: reload to generation ${event.generation} failed after ${duration(event.tookMs)} and was rolled back, ${count(event.kept, 'worker')} kept: ${failureOf(app, event.failure)}`
    case 'reload.halted':
      return `${app}: reload to generation ${event.generation} stopped after ${duration(event.tookMs)} and was not rolled back (reload.rollback is false), ${count(event.replaced, 'worker')} of it ${event.replaced === 1 ? 'serves' : 'serve'} beside the old ones: ${failureOf(app, event.failure)}`
    case 'reload.superseded':
      return event.restart
        ? `${app}: restart ended early: ${supersededBy(event.by)}`
        : `${app}: reload to generation ${event.generation} ended early: ${supersededBy(event.by)}`
    case 'restart.failed':
      return `${app}: restart failed after ${duration(event.tookMs)}, and later slots were left alone: ${failureOf(app, event.failure)}`
    case 'request.refused':
      return `${app}: request refused: ${event.reason}`
    default:
      return assertNever(event)
  }
}

function supersededBy(by: Extract<ReloadEvent, { type: 'reload.superseded' }>['by']): string {
  switch (by) {
    case 'stop':
      return 'the app is being stopped'
    case 'reload':
      return 'a newer reload takes its place'
    case 'restart':
      return 'a restart takes its place'
    case 'failure':
      return 'the app was given up'
    default:
      return assertNever(by)
  }
}

function failureOf(app: string, { slot, reason, exit, missing, probe, canary, stall }: ReloadFailure): string {
  if (canary !== undefined) return canaryWords(canary)
  const who = slotName(app, slot)
  if (reason === 'missing-port') {
    return `${who} did not listen on ${list(missing)}, which the workers before it did; if that is meant, reload with --allow-port-change`
  }
  if (probe !== undefined) return `${who} failed its probe (${probe})`
  if (stall !== undefined) return stallWords(app, slot, stall)
  if (reason === 'hang') return stallWords(app, slot, 'silent')
  if (exit === null) return `${who} did not become ready (${reason})`
  const cure = exit.kind === 'clean' ? '' : exitCure(exit)
  return `${who} ${exitWords(exit)}${cure === '' ? '' : `: ${cure}`}`
}
