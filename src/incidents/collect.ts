// Turns the stream of events into incidents. Pure: state and one input in; the next state, the incidents that changed and what
// is to be told out. What is a failure: failure.ts. What it adds to: record.ts. When one is over: resolve.ts.

import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import type { CollectorInput, CollectorState, Ending, Fact } from './collector-state.ts'
import { failureOf, rollbackOf } from './failure.ts'
import type { Incident } from './incident.ts'
import { record, tellStory, worsenToLoop } from './record.ts'
import { ease, noteCalm, noteReadiness, resolveOver } from './resolve.ts'
import { isTellable } from './timeline.ts'

export interface Collected {
  readonly state: CollectorState
  readonly changed: readonly Incident[]
  readonly events: readonly ResilEvent[]
  /** The incident that the event is a failure of. */
  readonly incident: Incident | null
}

const MOST_RECENT = 12
const MOST_EARLY = 16

export function collect(before: CollectorState, input: CollectorInput): Collected {
  const state: CollectorState = { ...before, reloads: { ...before.reloads } }
  const events: ResilEvent[] = []
  const id = input.type === 'event' ? onFact(state, input, events) : null
  if (input.type === 'adopted') adopt(state, input)
  resolveOver(state, input.type === 'event' ? input.event.at : input.at, input.now, events)
  const known = new Set(before.open.map(({ incident }) => incident))
  const changed = state.open.map(({ incident }) => incident).filter((incident) => !known.has(incident))
  const failed = state.open.find(({ incident }) => incident.id === id)?.incident ?? null
  state.open = state.open.filter(({ incident }) => incident.state === 'open')
  return { state, changed, events, incident: failed }
}

/** Returns the id of the incident that the event is a failure of. */
function onFact(state: CollectorState, fact: Fact, events: ResilEvent[]): string | null {
  const { event } = fact
  noteReadiness(state, fact)
  noteCalm(state, fact)
  let id: string | null = null
  if (isHeld(state, event)) {
    state.held = [...state.held, fact]
  } else {
    if (event.type === 'evidence.taken' && !isSuspect(state, event.worker.id)) keepEarly(state, event)
    const failure = isConsequence(state, event) ? null : failureOf(fact)
    if (failure === null) tellStory(state, event)
    else id = record(state, failure, fact, events)
    if (event.type === 'gate.opened') id = worsenToLoop(state, fact, events)
    if (event.type === 'worker.exited') forget(state, event.worker.id, fact.now)
  }
  id = followReload(state, fact, events) ?? id
  if (isTellable(event)) state.recent = [...state.recent, event].slice(-MOST_RECENT)
  return id
}

/** A worker that is known to be in trouble is signalled: that is what is done about it, and no trouble of its own. */
function isConsequence(state: CollectorState, event: PublishedEvent): boolean {
  return (event.type === 'worker.signalled' || event.type === 'worker.cutOff') && isSuspect(state, event.worker.id)
}

function isSuspect({ open }: CollectorState, worker: number): boolean {
  return open.some(({ workers }) => workers.includes(worker))
}

/** An incident that lasts as long as its workers is over without them. What was seen of it belongs to its end, if to anything. */
function forget(state: CollectorState, worker: number, now: number): void {
  ease(state, worker, null, now)
  state.early = state.early.filter((one) => one.worker !== worker)
  state.open = state.open.map((open) =>
    open.ending === 'gone' ? { ...open, workers: open.workers.filter((id) => id !== worker) } : open,
  )
}

/** Seen before the watchdog tripped: it belongs to what follows. */
function keepEarly(state: CollectorState, event: Extract<PublishedEvent, { type: 'evidence.taken' }>): void {
  const { worker, evidence, at } = event
  const taken = { at, slot: worker.slot, pid: worker.pid, evidence }
  state.early = [...state.early, { app: worker.app, worker: worker.id, taken }].slice(-MOST_EARLY)
}

/** A worker of the new release that never was ready: whether that is an incident of its own is known when the reload has ended. */
function isHeld({ reloads }: CollectorState, event: PublishedEvent): boolean {
  if (event.type !== 'worker.exited') return false
  const { worker, exit } = event
  return reloads[worker.app] === worker.generation && (exit.kind === 'boot-failure' || exit.kind === 'boot-timeout')
}

function followReload(state: CollectorState, fact: Fact, events: ResilEvent[]): string | null {
  const { event } = fact
  switch (event.type) {
    case 'reload.started':
      if (!event.restart) state.reloads[event.app] = event.generation
      return null
    case 'reload.finished':
    case 'reload.superseded': {
      for (const held of takeHeld(state, event.app)) {
        const failure = failureOf(held)
        if (failure !== null) record(state, failure, held, events)
      }
      return null
    }
    case 'reload.rolledBack':
    case 'reload.halted': {
      const held = takeHeld(state, event.app)
      const first = held.find(
        (one) => one.event.type === 'worker.exited' && one.event.worker.id === event.failure.worker,
      )
      const { lines, samples } = first ?? fact
      return record(state, rollbackOf(event, first), { ...fact, lines, samples }, events)
    }
    default:
      return null
  }
}

function takeHeld(state: CollectorState, app: string): readonly Fact[] {
  delete state.reloads[app]
  const isMine = ({ event }: Fact): boolean => event.type === 'worker.exited' && event.worker.app === app
  const mine = state.held.filter(isMine)
  state.held = state.held.filter((fact) => !isMine(fact))
  return mine
}

/** What a supervisor before this one left open goes on here: it is over when its slots have workers that stay up. */
function adopt(state: CollectorState, { incidents, lastId, now }: Extract<CollectorInput, { type: 'adopted' }>): void {
  if (lastId !== null && (state.lastId === null || lastId > state.lastId)) state.lastId = lastId
  const adopted = incidents
    .filter(({ id }) => !state.open.some(({ incident }) => incident.id === id))
    .map((incident) => ({
      incident,
      ending: endingOfAdopted(incident),
      // An app that is configured no more is waited for no more.
      slots:
        incident.app !== null && incident.app in state.stableAfterMs
          ? [...new Set(incident.workers.map(({ slot }) => slot))]
          : [],
      workers: [],
      failedAt: now,
      // The breakers of new workers begin closed: it is over, unless they tell otherwise.
      calmSince: now,
    }))
  state.open = [...adopted, ...state.open]
}

function endingOfAdopted({ app, about }: Incident): Ending {
  if (about !== null) return 'calm'
  return app === null ? 'quiet' : 'replaced'
}
