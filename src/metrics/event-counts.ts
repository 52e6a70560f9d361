// Pure: what events add to which counter. Vocabularies are listed, so that every series exists with 0 from the start: a rate over
// a series that appears with its first crash would miss that crash.

import type { DrainCause } from '../events/causes.ts'
import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import { EXIT_KINDS } from '../events/exit.ts'
import type { HookName } from '../events/family/hook.ts'
import { INCIDENT_KINDS } from '../events/incident-kind.ts'
import type { LabelOf, MetricName } from './definitions.ts'
import type { Sample } from './text-format.ts'

type EventOf<Type extends ResilEvent['type']> = Extract<ResilEvent, { type: Type }>
type SignalReason = EventOf<'worker.signalled'>['reason']
type WatchdogTrip = EventOf<'watchdog.tripped'>

/** For each word once, so that the compiler asks for a new one here. */
const DRAIN_CAUSES: Readonly<Record<DrainCause, true>> = {
  stop: true,
  reload: true,
  restart: true,
  scale: true,
  rollback: true,
  memory: true,
  lag: true,
  cpu: true,
  descriptors: true,
  age: true,
  requests: true,
  liveness: true,
  hang: true,
}
/** With these it was still booting: a signal is enough then, and nothing was forced. */
type Quiet = 'stop' | 'reload' | 'restart' | 'scale' | 'rollback' | 'age' | 'requests'
const KILL_REASONS: Readonly<Record<Exclude<SignalReason, Quiet>, true>> = {
  'boot-timeout': true,
  'startup-probe': true,
  'drain-deadline': true,
  unresponsive: true,
  forced: true,
  memory: true,
  liveness: true,
  hang: true,
  lag: true,
  cpu: true,
  descriptors: true,
}
const GATE_CAUSES: Readonly<Record<EventOf<'gate.opened'>['cause'], true>> = {
  'crash-window': true,
  'storm-budget': true,
  'trial-failed': true,
}
const WATCHDOGS: Readonly<Record<WatchdogTrip['watchdog'], true>> = {
  memory: true,
  hang: true,
  'event-loop': true,
  cpu: true,
  descriptors: true,
  probe: true,
}
const ACTIONS: Readonly<Record<WatchdogTrip['action'], true>> = { replace: true, kill: true, report: true }
const HOOKS: Readonly<Record<HookName, true>> = { onCrash: true, onExhausted: true, onIncident: true, onReload: true }
const OUTCOMES = ['finished', 'rolled-back', 'halted', 'failed', 'superseded'] as const
/** An empty label is none to Prometheus. */
const SUPERVISOR = ''
const OUTPUTS = ['stdout', 'stderr', 'file'] as const

export interface EventCounts {
  add(event: ResilEvent | PublishedEvent): void
  samples(): Sample[]
}

export function createEventCounts(apps: readonly string[]): EventCounts {
  const series = new Map<string, Sample & { value: number }>()

  function count<Name extends MetricName>(name: Name, labels: Readonly<Record<LabelOf<Name>, string>>, by = 1): void {
    const key = JSON.stringify([name, labels])
    const known = series.get(key)
    if (known === undefined) series.set(key, { name, labels, value: by })
    else known.value += by
  }

  for (const app of apps) {
    count('resil_worker_starts_total', { app }, 0)
    count('resil_worker_restarts_total', { app }, 0)
    count('resil_worker_promotions_total', { app }, 0)
    for (const hook of Object.keys(HOOKS)) count('resil_hook_failures_total', { app, hook }, 0)
    count('resil_worker_listen_failures_total', { app }, 0)
    for (const kind of EXIT_KINDS) count('resil_worker_exits_total', { app, kind }, 0)
    for (const cause of Object.keys(DRAIN_CAUSES)) count('resil_worker_drains_total', { app, cause }, 0)
    for (const reason of Object.keys(KILL_REASONS)) count('resil_worker_kill_signals_total', { app, reason }, 0)
    for (const outcome of OUTCOMES) count('resil_reloads_total', { app, outcome }, 0)
    for (const cause of Object.keys(GATE_CAUSES)) count('resil_gate_openings_total', { app, cause }, 0)
    for (const watchdog of Object.keys(WATCHDOGS)) {
      for (const action of Object.keys(ACTIONS)) count('resil_watchdog_trips_total', { app, watchdog, action }, 0)
    }
  }
  for (const kind of INCIDENT_KINDS) {
    for (const app of [...apps, SUPERVISOR]) count('resil_incidents_total', { app, kind }, 0)
  }
  for (const to of OUTPUTS) {
    count('resil_output_dropped_lines_total', { to }, 0)
    count('resil_output_dropped_bytes_total', { to }, 0)
  }
  count('resil_faults_total', {}, 0)

  return {
    add: (event) => {
      switch (event.type) {
        case 'worker.forked':
          return count('resil_worker_starts_total', { app: event.worker.app })
        case 'worker.exited': {
          const { app } = event.worker
          const { do: next } = event.after
          count('resil_worker_exits_total', { app, kind: event.exit.kind })
          if (next === 'restart' || next === 'wait-for-gate') count('resil_worker_restarts_total', { app })
          return
        }
        case 'worker.draining':
          return count('resil_worker_drains_total', { app: event.worker.app, cause: event.cause })
        case 'worker.signalled':
          if (!Object.hasOwn(KILL_REASONS, event.reason)) return
          return count('resil_worker_kill_signals_total', { app: event.worker.app, reason: event.reason })
        case 'worker.listenFailed':
          return count('resil_worker_listen_failures_total', { app: event.worker.app })
        case 'watchdog.tripped': {
          const { worker, watchdog, action } = event
          return count('resil_watchdog_trips_total', { app: worker.app, watchdog, action })
        }
        case 'incident.opened':
        case 'incident.worsened':
          return count('resil_incidents_total', { app: event.app ?? SUPERVISOR, kind: event.kind })
        case 'hook.failed':
          return count('resil_hook_failures_total', { app: event.app, hook: event.hook })
        case 'worker.promoted':
          return count('resil_worker_promotions_total', { app: event.worker.app })
        case 'reload.halted':
          return count('resil_reloads_total', { app: event.app, outcome: 'halted' })
        case 'reload.finished':
          return count('resil_reloads_total', { app: event.app, outcome: 'finished' })
        case 'reload.rolledBack':
          return count('resil_reloads_total', { app: event.app, outcome: 'rolled-back' })
        case 'restart.failed':
          return count('resil_reloads_total', { app: event.app, outcome: 'failed' })
        case 'reload.superseded':
          return count('resil_reloads_total', { app: event.app, outcome: 'superseded' })
        case 'gate.opened':
          return count('resil_gate_openings_total', { app: event.app, cause: event.cause })
        case 'output.dropped': {
          // A path is no label: there may be any number of them.
          const to = event.to === 'stdout' || event.to === 'stderr' ? event.to : 'file'
          count('resil_output_dropped_lines_total', { to }, event.lines)
          return count('resil_output_dropped_bytes_total', { to }, event.bytes)
        }
        case 'supervisor.faulted':
        case 'invariant.violated':
          return count('resil_faults_total', {})
      }
    },
    samples: () => [...series.values()].map((sample) => ({ ...sample })),
  }
}
