// When an incident is over, and who is ready meanwhile. Decided on monotonic time; wall time only stamps.

import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import type { CollectorState, Fact, OpenIncident, ReadyWorker } from './collector-state.ts'
import { WATCHDOGS } from './failure.ts'
import type { Incident, TimelineEntry } from './incident.ts'
import { replace } from './record.ts'
import { extend } from './timeline.ts'

/** Without another failure for so long, what has no worker to replace is over. */
const QUIET_MS = 60_000
const DEFAULT_STABLE_MS = 30_000

/** Ends that are told. Until one has lasted for a while it may be a pause. */
export function noteCalm(state: CollectorState, { event, now }: Fact): void {
  switch (event.type) {
    case 'breaker.closed':
      return calm(state, 'dependency-open', event, now)
    case 'chaos.ended':
      return calm(state, 'chaos', event, now - event.quietMs)
    case 'watchdog.calmed':
      return ease(state, event.worker.id, WATCHDOGS[event.watchdog], now)
    case 'worker.recovered':
      return ease(state, event.worker.id, 'hang', now)
    default:
      return
  }
}

function calm(
  state: CollectorState,
  kind: IncidentKind,
  { app, name }: { readonly app: string; readonly name: string },
  calmSince: number,
): void {
  state.open = state.open.map((open) => {
    const { incident } = open
    const isIt = incident.kind === kind && incident.app === app && incident.about === name
    return isIt ? { ...open, calmSince } : open
  })
}

/** One worker that was only told of is well again, or has ended (kind null: of whatever it was told). */
export function ease(state: CollectorState, worker: number, kind: IncidentKind | null, now: number): void {
  state.open = state.open.map((open) => {
    const { incident, ending, workers } = open
    if (ending !== 'calm' || !workers.includes(worker) || (kind !== null && incident.kind !== kind)) return open
    const left = workers.filter((id) => id !== worker)
    return { ...open, workers: left, calmSince: left.length === 0 ? now : null }
  })
}

/** Keeps account of ready workers, and of slots that nobody wants any more. */
export function noteReadiness(state: CollectorState, { event, now }: Fact): void {
  switch (event.type) {
    case 'worker.standing':
    case 'worker.ready': {
      const { id, app, slot } = event.worker
      // A standby changes its slot when it is promoted.
      state.ready = [...state.ready.filter((other) => other.id !== id), { id, app, slot, since: now, at: event.at }]
      return
    }
    case 'worker.draining':
    case 'worker.exited':
      state.ready = state.ready.filter(({ id }) => id !== event.worker.id)
      return
    case 'app.running':
      // All slots that are wanted are ready: the others have been scaled away, also in a life before this one.
      return release(
        state,
        event,
        ({ slot }) => !state.ready.some((worker) => worker.app === event.app && worker.slot === slot),
      )
    case 'slot.parked':
      return release(state, event, ({ slot }) => slot === event.slot)
    case 'app.scaled':
      return release(state, event, ({ slot }) => slot >= event.to)
    case 'app.stopped':
      return release(state, event, () => true)
    case 'app.ended':
      if (event.exitCode === 0) release(state, event, () => true)
      return
    default:
      return
  }
}

function release(
  state: CollectorState,
  { app }: Extract<PublishedEvent, { app: string }>,
  isReleased: (of: { readonly slot: number }) => boolean,
): void {
  state.open = state.open.map((open) =>
    open.incident.app === app ? { ...open, slots: open.slots.filter((slot) => !isReleased({ slot })) } : open,
  )
}

/** Marks as resolved what is over; the caller takes it out. */
export function resolveOver(state: CollectorState, at: number, now: number, events: ResilEvent[]): void {
  for (const open of state.open) {
    const end = endOf(open, state, at, now)
    if (end === null) continue
    const { incident } = open
    const resolved: Incident = {
      ...incident,
      state: 'resolved',
      endedAt: end.at,
      updatedAt: at,
      ...extend(incident, [{ ...end, type: 'resolved' }]),
    }
    replace(state, { ...open, incident: resolved })
    const { id, kind, app } = incident
    const lastedMs = Math.max(0, end.at - incident.begunAt)
    events.push({ type: 'incident.resolved', incident: id, kind, app, lastedMs, failures: incident.failures })
  }
}

/** null: it goes on. */
function endOf(open: OpenIncident, state: CollectorState, at: number, now: number): Omit<TimelineEntry, 'type'> | null {
  switch (open.ending) {
    case 'at-once':
      return { at, text: 'that was all of it: nothing of it goes on' }
    case 'quiet':
      return now - open.failedAt >= QUIET_MS
        ? { at: at - (now - open.failedAt), text: 'it has not happened again' }
        : null
    case 'calm':
      return open.calmSince !== null && now - open.calmSince >= QUIET_MS
        ? { at: at - (now - open.calmSince), text: 'it has not come back since' }
        : null
    case 'gone':
      return open.workers.length === 0 ? { at, text: 'its workers have ended' } : null
    case 'replaced':
      return replacedAt(open, state, at, now)
  }
}

function replacedAt(
  open: OpenIncident,
  { ready, stableAfterMs }: CollectorState,
  at: number,
  now: number,
): Omit<TimelineEntry, 'type'> | null {
  const { slots, incident, workers } = open
  if (slots.length === 0) return { at, text: 'its slots are stopped, and wanted no more' }
  const stableMs = stableAfterMs[incident.app ?? ''] ?? DEFAULT_STABLE_MS
  const replacements = slots.map((slot) => newestIn(ready, incident.app, slot, workers))
  let end = incident.begunAt
  for (const worker of replacements) {
    if (worker === undefined || now - worker.since < stableMs) return null
    end = Math.max(end, worker.at)
  }
  return { at: end, text: 'its workers are replaced, and the new ones stay up' }
}

function newestIn(
  ready: readonly ReadyWorker[],
  app: string | null,
  slot: number,
  not: readonly number[],
): ReadyWorker | undefined {
  return ready.findLast((worker) => worker.app === app && worker.slot === slot && !not.includes(worker.id))
}
