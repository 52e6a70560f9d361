// Which events are failures, of what kind, and when such a failure is over. Everything else only adds to a story or ends one.

import { describe } from '../events/describe.ts'
import { exitWords } from '../events/describe-exit.ts'
import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import type { ExitDetails } from '../events/exit.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import { slotName, workerName } from '../events/words.ts'
import type { WorkerRef } from '../events/worker-ref.ts'
import { classifyExit } from './classify.ts'
import type { Ending, Fact } from './collector-state.ts'

export interface Failure {
  readonly kind: IncidentKind
  readonly app: string | null
  /** The name of what failed, where the app has several of it. */
  readonly about: string | null
  readonly worker: WorkerRef | null
  readonly exit: ExitDetails | null
  readonly summary: string
  readonly hint: string | null
  readonly ending: Ending
}

/** null: no failure by itself. */
export function failureOf({ event, lines }: Fact): Failure | null {
  switch (event.type) {
    case 'worker.exited': {
      if (!isUnplanned(event)) return null
      const { worker, exit } = event
      const summary = `${workerName(worker)} ${exitWords(exit)}`
      return { ...classifyExit(exit, lines), app: worker.app, about: null, worker, exit, summary, ending: 'replaced' }
    }
    case 'worker.signalled':
      return event.reason === 'drain-deadline'
        ? of('unresponsive-drain', event.worker, describe(event), 'gone')
        : event.reason === 'unresponsive'
          ? of('hang', event.worker, describe(event), 'replaced')
          : null
    case 'worker.cutOff':
      return of('unresponsive-drain', event.worker, describe(event), 'gone')
    case 'watchdog.tripped':
      return of(
        WATCHDOGS[event.watchdog],
        event.worker,
        describe(event),
        event.action === 'report' ? 'calm' : 'replaced',
      )
    case 'output.dropped':
      return event.error !== null && isDiskFull(event.error) ? ofSupervisor('disk-full', event) : null
    case 'log.rotationFailed':
      return isDiskFull(event.error) ? ofSupervisor('disk-full', event) : null
    case 'breaker.opened':
      return ofStrategy('dependency-open', event)
    case 'chaos.injecting':
      return ofStrategy('chaos', event)
    case 'supervisor.shortOfDescriptors':
      return ofSupervisor('fd-exhaustion', event)
    case 'supervisor.overslept':
      return ofSupervisor('supervisor-starved', event)
    default:
      return null
  }
}

export const WATCHDOGS = {
  memory: 'memory-growth',
  hang: 'hang',
  'event-loop': 'event-loop-lag',
  cpu: 'cpu-saturation',
  descriptors: 'fd-exhaustion',
  probe: 'probe-failed',
} as const

function of(kind: IncidentKind, worker: WorkerRef, summary: string, ending: Ending): Failure {
  return { kind, app: worker.app, about: null, worker, exit: null, summary, hint: null, ending }
}

function ofSupervisor(kind: IncidentKind, event: PublishedEvent): Failure {
  return {
    kind,
    app: null,
    about: null,
    worker: null,
    exit: null,
    summary: describe(event),
    hint: null,
    ending: 'quiet',
  }
}

/** Of no worker: the same thing behind it fails in all of them. */
function ofStrategy(
  kind: IncidentKind,
  event: Extract<PublishedEvent, { type: 'breaker.opened' | 'chaos.injecting' }>,
): Failure {
  const { app, name } = event
  const summary = describe(event)
  return { kind, app, about: name, worker: null, exit: null, summary, hint: null, ending: 'calm' }
}

/** A reload that went back, or stopped half-way, told by what its first worker did. `fact`: of that worker, where it has ended. */
export function rollbackOf(
  event: Extract<PublishedEvent, { type: 'reload.rolledBack' | 'reload.halted' }>,
  fact: Fact | undefined,
): Failure {
  const { app, failure } = event
  const why = fact === undefined ? null : failureOf(fact)
  return {
    kind: 'reload-rolled-back',
    app,
    about: null,
    worker: why?.worker ?? null,
    exit: failure.exit,
    summary: describe(event),
    hint: why?.hint ?? missingPorts(app, failure),
    ending: 'at-once',
  }
}

function missingPorts(
  app: string,
  failure: { readonly slot: number; readonly missing: readonly string[] },
): string | null {
  if (failure.missing.length === 0) return null
  return `the new ${slotName(app, failure.slot)} did not listen on ${failure.missing.join(', ')}, which the old release does`
}

export function isUnplanned({ exit, after }: Extract<ResilEvent, { type: 'worker.exited' }>): boolean {
  if (exit.kind === 'planned') return false
  // Code 0 is a crash only where the policy starts it again.
  return exit.kind !== 'clean' || after.do === 'restart' || after.do === 'wait-for-gate'
}

function isDiskFull(error: string): boolean {
  return error === 'ENOSPC' || error === 'EDQUOT'
}
