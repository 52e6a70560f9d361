// What is made of the other events: failures with a name, and whether they could be kept. incidents/ decides.

import type { IncidentKind } from '../incident-kind.ts'

export type IncidentEvent =
  | {
      readonly type: 'incident.opened'
      readonly incident: string
      readonly kind: IncidentKind
      /** null: the supervisor itself, or the machine. */
      readonly app: string | null
      readonly summary: string
      readonly hint: string | null
    }
  /** More is known about it, or it has become worse. */
  | {
      readonly type: 'incident.worsened'
      readonly incident: string
      readonly kind: IncidentKind
      readonly from: IncidentKind
      readonly app: string | null
      readonly summary: string
      readonly hint: string | null
    }
  | {
      readonly type: 'incident.resolved'
      readonly incident: string
      readonly kind: IncidentKind
      readonly app: string | null
      readonly failures: number
      readonly lastedMs: number
    }
  | { readonly type: 'incidents.unsaved'; readonly dir: string; readonly error: string }
