// Which hook an event calls, and what it is told. Pure.

import { describe } from '../../events/describe.ts'
import type { PublishedEvent } from '../../events/events.ts'
import type { HookName } from '../../events/family/hook.ts'
import { isUnplanned } from '../../incidents/failure.ts'
import { type Incident, type IncidentSummary, summaryOf } from '../../incidents/incident.ts'

/** The JSON that a hook gets. */
export interface HookCall {
  readonly hook: HookName
  readonly app: string
  /** ISO 8601. */
  readonly at: string
  readonly supervisor: { readonly name: string; readonly pid: number; readonly version: string }
  /** One line for people. */
  readonly text: string
  readonly event: PublishedEvent
  /** What `resil incidents` lists; `resil why` has the rest. */
  readonly incident: IncidentSummary | null
}

/** null: no hook is for it. */
export function hookOf(event: PublishedEvent): HookName | null {
  switch (event.type) {
    case 'worker.exited':
      return isUnplanned(event) ? 'onCrash' : null
    case 'gate.opened':
      return event.cause === 'trial-failed' ? null : 'onExhausted'
    case 'app.failed':
      return event.reason === 'dependency' ? null : 'onExhausted'
    case 'incident.opened':
    case 'incident.worsened':
      return 'onIncident'
    case 'reload.finished':
    case 'reload.rolledBack':
    case 'reload.halted':
    case 'reload.superseded':
    case 'restart.failed':
      return 'onReload'
    default:
      return null
  }
}

export function callOf(
  hook: HookName,
  app: string,
  supervisor: Incident['supervisor'],
  event: PublishedEvent,
  incident: Incident | null,
): HookCall {
  const { name, pid, version } = supervisor
  return {
    hook,
    app,
    at: new Date(event.at).toISOString(),
    supervisor: { name, pid, version },
    text: describe(event),
    event,
    incident: incident === null ? null : summaryOf(incident),
  }
}
