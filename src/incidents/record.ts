// Puts a failure into the incident that it belongs to, or begins one; and adds to the stories of those that are open.
// What belongs together: an app's failures of one kind and name, and whatever befalls a slot before it has recovered from the last
// crash.

import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import type { CollectorState, Fact, OpenIncident } from './collector-state.ts'
import { decisionOf } from './decision.ts'
import type { Failure } from './failure.ts'
import type { Decision, Incident, Suspect, TakenEvidence } from './incident.ts'
import { nextIncidentId } from './incident-id.ts'
import { concerns, entryOf, extend, whatLedTo } from './timeline.ts'

const MOST_SUSPECTS = 10
const MOST_EVIDENCE = 8
const UNDECIDED: Decision = {
  did: 'starts nothing in its place',
  why: 'it was on its way in or out, or its app is given up',
}

/** Kinds that say no more than that workers end. */
const PLAIN: ReadonlySet<IncidentKind> = new Set(['crash', 'boot-failure', 'crash-loop'])
/** Kinds of unplanned ends. */
const ENDS: ReadonlySet<IncidentKind> = new Set([...PLAIN, 'oom', 'port-conflict', 'disk-full', 'fd-exhaustion'])

/** Returns the incident's id. */
export function record(state: CollectorState, failure: Failure, fact: Fact, events: ResilEvent[]): string {
  const open = state.open.find((one) => belongs(failure, one))
  return open === undefined ? begin(state, failure, fact, events) : grow(state, open, failure, fact, events)
}

function belongs({ app, about, kind, worker, exit }: Failure, { incident, slots, workers }: OpenIncident): boolean {
  if (incident.app !== app || incident.about !== about) return false
  if (kind === incident.kind || (PLAIN.has(kind) && PLAIN.has(incident.kind))) return true
  // Ended by resil's own hand for another reason: that incident has the exit.
  if (worker === null) return false
  if (exit !== null && workers.includes(worker.id)) return true
  return ENDS.has(kind) && ENDS.has(incident.kind) && slots.includes(worker.slot)
}

function begin(state: CollectorState, failure: Failure, fact: Fact, events: ResilEvent[]): string {
  const { event } = fact
  const id = nextIncidentId(state.lastId, event.at)
  const incident: Incident = {
    version: 1,
    id,
    kind: failure.kind,
    state: 'open',
    supervisor: state.supervisor,
    app: failure.app,
    about: failure.about,
    workers: suspects([], failure),
    failures: 1,
    begunAt: event.at,
    updatedAt: event.at,
    endedAt: null,
    summary: failure.summary,
    hint: failure.hint,
    exit: failure.exit,
    decision: decisionOf(event) ?? UNDECIDED,
    ...extend({ timeline: [], omitted: 0 }, [...whatLedTo(event, failure.app, state.recent), entryOf(event)]),
    lines: fact.lines,
    samples: fact.samples,
    evidence: evidenceFor(state, failure, event),
  }
  const { ending } = failure
  state.lastId = id
  state.open = [
    ...state.open,
    { incident, ending, failedAt: fact.now, calmSince: null, ...touched({ slots: [], workers: [] }, failure) },
  ]
  events.push({ type: 'incident.opened', ...briefOf(incident) })
  return id
}

function grow(state: CollectorState, open: OpenIncident, failure: Failure, fact: Fact, events: ResilEvent[]): string {
  const { incident } = open
  const { event } = fact
  // A worker that is found sick again, or ended for it, has not failed again.
  const known = failure.worker !== null && open.workers.includes(failure.worker.id)
  // What tells more than that workers end; what is known stays.
  const kind = PLAIN.has(incident.kind) && !PLAIN.has(failure.kind) ? failure.kind : incident.kind
  const grown: Incident = {
    ...incident,
    kind,
    workers: suspects(incident.workers, failure),
    failures: incident.failures + (known ? 0 : 1),
    updatedAt: event.at,
    summary: known ? incident.summary : failure.summary,
    hint: failure.hint ?? incident.hint,
    exit: failure.exit ?? incident.exit,
    decision: decisionOf(event) ?? incident.decision,
    ...extend(incident, [entryOf(event)]),
    lines: fact.lines.length > 0 ? fact.lines : incident.lines,
    samples: fact.samples ?? incident.samples,
    evidence: [...incident.evidence, ...evidenceFor(state, failure, event)].slice(-MOST_EVIDENCE),
  }
  // Told of only, and now replaced for it.
  const ending = open.ending === 'calm' ? failure.ending : open.ending
  replace(state, { ...open, ...touched(open, failure), ending, incident: grown, failedAt: fact.now, calmSince: null })
  if (kind !== incident.kind) events.push({ type: 'incident.worsened', from: incident.kind, ...briefOf(grown) })
  return incident.id
}

/** An open gate says that it is a loop, unless more is known about why. */
export function worsenToLoop(state: CollectorState, fact: Fact, events: ResilEvent[]): string | null {
  const { event } = fact
  if (event.type !== 'gate.opened') return null
  const open = state.open.find(
    ({ incident, slots }) =>
      incident.app === event.app && ENDS.has(incident.kind) && (event.slot === null || slots.includes(event.slot)),
  )
  if (open === undefined || !PLAIN.has(open.incident.kind) || open.incident.kind === 'crash-loop') {
    return open?.incident.id ?? null
  }
  const { incident } = open
  const worse: Incident = { ...incident, kind: 'crash-loop' }
  replace(state, { ...open, incident: worse })
  events.push({ type: 'incident.worsened', from: incident.kind, ...briefOf(worse) })
  return incident.id
}

/** No failure by itself: it is added to the incidents that it concerns. */
export function tellStory(state: CollectorState, event: PublishedEvent): void {
  for (const open of state.open) {
    if (!concerns(open, event)) continue
    const { incident, workers } = open
    const own = 'worker' in event && workers.includes(event.worker.id)
    const evidence = own && event.type === 'evidence.taken' ? [takenFrom(event)] : []
    const told: Incident = {
      ...incident,
      updatedAt: event.at,
      ...(own && event.type === 'worker.exited' && { exit: event.exit }),
      decision: decisionOf(event) ?? incident.decision,
      ...extend(incident, [entryOf(event)]),
      evidence: [...incident.evidence, ...evidence].slice(-MOST_EVIDENCE),
    }
    replace(state, { ...open, incident: told })
  }
}

export function replace(state: CollectorState, changed: OpenIncident): void {
  state.open = state.open.map((open) => (open.incident.id === changed.incident.id ? changed : open))
}

function suspects(before: readonly Suspect[], { worker }: Failure): readonly Suspect[] {
  if (worker === null || before.some((one) => one.worker === worker.id && one.pid === worker.pid)) return before
  const { slot, id, pid, generation } = worker
  return [...before, { slot, worker: id, pid, generation }].slice(-MOST_SUSPECTS)
}

function touched(
  { slots, workers }: Pick<OpenIncident, 'slots' | 'workers'>,
  { worker }: Failure,
): Pick<OpenIncident, 'slots' | 'workers'> {
  if (worker === null) return { slots, workers }
  return {
    slots: slots.includes(worker.slot) ? slots : [...slots, worker.slot],
    workers: [...workers.filter((id) => id !== worker.id), worker.id].slice(-MOST_SUSPECTS),
  }
}

function evidenceFor(state: CollectorState, { worker }: Failure, event: PublishedEvent): readonly TakenEvidence[] {
  if (worker === null) return []
  const early = state.early.filter((one) => one.app === worker.app && one.worker === worker.id)
  state.early = state.early.filter((one) => !early.includes(one))
  const own =
    event.type === 'watchdog.tripped' && event.evidence !== undefined
      ? [{ at: event.at, slot: worker.slot, pid: worker.pid, evidence: event.evidence }]
      : []
  return [...early.map(({ taken }) => taken), ...own]
}

function takenFrom({ worker, evidence, at }: Extract<PublishedEvent, { type: 'evidence.taken' }>): TakenEvidence {
  return { at, slot: worker.slot, pid: worker.pid, evidence }
}

function briefOf({ id, kind, app, summary, hint }: Incident) {
  return { incident: id, kind, app, summary, hint }
}
