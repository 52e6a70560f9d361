// One failure with its evidence, as it is kept, sent and shown. Sentences stand in it and not only numbers: what is read back
// may have been written by another version, and must still say what happened.
// Types only, so that light commands load no schema; what comes from a disk is checked against stored-incident.ts.

import type { Evidence } from '../events/evidence.ts'
import type { ExitDetails } from '../events/exit.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import type { LogLine } from '../protocol/control.ts'

/** A worker that failed. */
export interface Suspect {
  readonly slot: number
  readonly worker: number
  readonly pid: number | null
  readonly generation: number
}

export interface TimelineEntry {
  /** Wall milliseconds. */
  readonly at: number
  /** Of the event. */
  readonly type: string
  readonly text: string
}

/** Measurements of one worker, a column for each, oldest first; null where it was not known. */
export interface Samples {
  readonly at: readonly number[]
  /** Per cent of one core. */
  readonly cpu: readonly (number | null)[]
  /** Bytes. */
  readonly rss: readonly (number | null)[]
  readonly heapUsed: readonly (number | null)[]
  readonly delayP99Ms: readonly (number | null)[]
  /** 0..1 */
  readonly utilization: readonly (number | null)[]
  readonly connections: readonly (number | null)[]
  /** In total since the worker began. */
  readonly requests: readonly (number | null)[]
}

export interface TakenEvidence {
  readonly at: number
  readonly slot: number
  readonly pid: number | null
  readonly evidence: Evidence
}

/** What resil did about it, and the law behind that. */
export interface Decision {
  readonly did: string
  readonly why: string
}

export interface Incident {
  readonly version: 1
  readonly id: string
  readonly kind: IncidentKind
  readonly state: 'open' | 'resolved'
  readonly supervisor: { readonly name: string; readonly pid: number; readonly version: string; readonly node: string }
  /** null: the supervisor itself, or the machine. */
  readonly app: string | null
  /** What of the app it is about, where that has a name: a breaker, or chaos. null: the app as a whole, or its workers. */
  readonly about: string | null
  /** Newest last, bounded. */
  readonly workers: readonly Suspect[]
  /** How often it happened. */
  readonly failures: number
  readonly begunAt: number
  readonly updatedAt: number
  readonly endedAt: number | null
  /** One line: what happened, the last time. */
  readonly summary: string
  /** What the worker's own words point at; null: nothing. */
  readonly hint: string | null
  /** Of the last failure. */
  readonly exit: ExitDetails | null
  readonly decision: Decision
  readonly timeline: readonly TimelineEntry[]
  /** Entries in the middle of the timeline that were left out. */
  readonly omitted: number
  /** What the worker wrote last, as it wrote it. */
  readonly lines: readonly LogLine[]
  readonly samples: Samples | null
  readonly evidence: readonly TakenEvidence[]
}

/** What lists show. */
export type IncidentSummary = Pick<
  Incident,
  'id' | 'kind' | 'state' | 'app' | 'failures' | 'begunAt' | 'updatedAt' | 'endedAt' | 'summary' | 'hint'
> & { readonly slots: readonly number[] }

export function summaryOf(incident: Incident): IncidentSummary {
  const { id, kind, state, app, failures, begunAt, updatedAt, endedAt, summary, hint } = incident
  const slots = [...new Set(incident.workers.map(({ slot }) => slot))].sort((a, b) => a - b)
  return { id, kind, state, app, slots, failures, begunAt, updatedAt, endedAt, summary, hint }
}
