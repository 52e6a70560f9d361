// What the collector of incidents knows: those that are open, and enough of the present to tell when they are over.

import type { PublishedEvent } from '../events/events.ts'
import type { LogLine } from '../protocol/control.ts'
import type { Incident, Samples, TakenEvidence } from './incident.ts'

/**
 * When an incident is over. replaced: each slot that failed has a worker that stays up, or is wanted no more. gone: its workers
 * have ended. quiet: it has not happened again for a while. calm: its end was told, or the last of its workers has ended or is well
 * again, and it has stayed so for a while. at-once: it was over when it was told.
 */
export type Ending = 'replaced' | 'gone' | 'quiet' | 'calm' | 'at-once'

export interface OpenIncident {
  readonly incident: Incident
  readonly ending: Ending
  /** Slots that are still to be made good. */
  readonly slots: readonly number[]
  /** Ids of the workers that it is about, in this supervisor's life. */
  readonly workers: readonly number[]
  /** Monotonic: the last failure. */
  readonly failedAt: number
  /** Monotonic: since when its end is told; null: it goes on. */
  readonly calmSince: number | null
}

/** A worker that is ready now. */
export interface ReadyWorker {
  readonly id: number
  readonly app: string
  readonly slot: number
  /** Monotonic, and wall. */
  readonly since: number
  readonly at: number
}

/** An event with what was known of its worker at that moment. */
export interface Fact {
  readonly type: 'event'
  readonly event: PublishedEvent
  readonly lines: readonly LogLine[]
  readonly samples: Samples | null
  /** Monotonic milliseconds. */
  readonly now: number
}

export interface CollectorState {
  readonly supervisor: Incident['supervisor']
  /** `restart.stableAfter` of each app. */
  readonly stableAfterMs: Readonly<Record<string, number>>
  lastId: string | null
  open: OpenIncident[]
  ready: ReadyWorker[]
  /** The newest events, for what led to an incident. */
  recent: PublishedEvent[]
  /** Evidence that came before anything was known to be wrong. */
  early: { readonly app: string; readonly worker: number; readonly taken: TakenEvidence }[]
  /** Reloads under way: the generation that each app is on its way to. */
  reloads: Record<string, number>
  /** How a worker of the new release failed, until it is known what that does to its reload. */
  held: Fact[]
}

export type CollectorInput =
  | Fact
  /** Time passed. */
  | { readonly type: 'tick'; readonly at: number; readonly now: number }
  /** Left open by a supervisor before this one. `lastId`: of all that were ever recorded. */
  | {
      readonly type: 'adopted'
      readonly incidents: readonly Incident[]
      readonly lastId: string | null
      readonly at: number
      readonly now: number
    }

export function initialCollector(options: {
  readonly supervisor: Incident['supervisor']
  readonly stableAfterMs: Readonly<Record<string, number>>
}): CollectorState {
  return { ...options, lastId: null, open: [], ready: [], recent: [], early: [], reloads: {}, held: [] }
}
