// The story of an incident: which events belong to it, and how it stays short. The beginning and the newest stay.

import { describe } from '../events/describe.ts'
import type { PublishedEvent } from '../events/events.ts'
import { subjectOf } from '../events/subject.ts'
import type { OpenIncident } from './collector-state.ts'
import type { Incident, TimelineEntry } from './incident.ts'

const FIRST = 10
const LAST = 30
/** What came shortly before may be why. */
const BEFORE_MS = 60_000
const MOST_BEFORE = 6

/** Said so often, or so little, that it would push out what matters. */
const UNTOLD: ReadonlySet<PublishedEvent['type']> = new Set([
  'worker.forked',
  'worker.listening',
  'incident.opened',
  'incident.worsened',
  'incident.resolved',
])

export function isTellable({ type }: PublishedEvent): boolean {
  return !UNTOLD.has(type)
}

export function entryOf(event: PublishedEvent): TimelineEntry {
  return { at: event.at, type: event.type, text: describe(event) }
}

export function extend(
  { timeline, omitted }: Pick<Incident, 'timeline' | 'omitted'>,
  entries: readonly TimelineEntry[],
): Pick<Incident, 'timeline' | 'omitted'> {
  const all = [...timeline, ...entries]
  const over = Math.max(0, all.length - FIRST - LAST)
  return { timeline: [...all.slice(0, FIRST), ...all.slice(FIRST + over)], omitted: omitted + over }
}

/** What happened to the app, or to the supervisor, just before. */
export function whatLedTo(
  event: PublishedEvent,
  app: string | null,
  recent: readonly PublishedEvent[],
): readonly TimelineEntry[] {
  const about = (other: PublishedEvent): boolean => {
    const subject = subjectOf(other).app
    return subject === null || subject === app
  }
  return recent
    .filter((other) => other.seq !== event.seq && event.at - other.at <= BEFORE_MS && about(other))
    .slice(-MOST_BEFORE)
    .map(entryOf)
}

/** Whether an event that is no failure itself belongs to the story. */
export function concerns({ incident, workers }: OpenIncident, event: PublishedEvent): boolean {
  if (incident.app === null || !isTellable(event)) return false
  const { app, slot } = subjectOf(event)
  if (app !== incident.app) return false
  if ('worker' in event && workers.includes(event.worker.id)) return true
  return slot === null || incident.workers.some((suspect) => suspect.slot === slot)
}
