// What is said about incidents, which are made of other events, and about telling them to others.

import { assertNever } from '../errors.ts'
import type { HookEvent } from './family/hook.ts'
import type { IncidentEvent } from './family/incident.ts'
import { count, duration } from './words.ts'

export function describeIncident(event: IncidentEvent | HookEvent): string {
  switch (event.type) {
    case 'incident.opened': {
      const { incident, hint } = event
      return `incident ${incident} is open: ${what(event)}${hint === null ? '' : ` (${hint})`}; ${moreOf(incident)}`
    }
    case 'incident.worsened':
      return `incident ${event.incident} was a ${event.from}, and is a ${what(event)}; ${moreOf(event.incident)}`
    case 'incident.resolved': {
      const often = event.failures > 1 ? `, ${count(event.failures, 'failure')}` : ''
      return `incident ${event.incident} (${what(event)}${often}) is over; it lasted ${duration(event.lastedMs)}`
    }
    case 'incidents.unsaved': {
      const full = event.error === 'ENOSPC' || event.error === 'EDQUOT'
      const cure = full ? 'free some space' : 'let resil write there'
      return `incidents can not be written to ${event.dir} (${event.error}) and are kept in memory: ${cure}, or set stateDir to another folder`
    }
    case 'hook.failed':
      return `hook ${event.hook} of ${event.app} failed: ${event.target} ${event.reason}; that is told once until it works again`
    case 'hook.recovered':
      return `hook ${event.hook} of ${event.app} works again: ${event.target}, after ${count(event.failures, 'failure')}`
    case 'hook.dropped':
      return `${count(event.count, 'call')} of hooks were left out: more happened than they could be told; make them faster`
    default:
      return assertNever(event)
  }
}

function what({ kind, app }: { readonly kind: string; readonly app: string | null }): string {
  return app === null ? kind : `${kind} of ${app}`
}

function moreOf(incident: string): string {
  return `"resil why ${incident}" tells all`
}
