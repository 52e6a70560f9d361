// Plays events to the collector, with a clock that the test turns. Wall time runs along with monotonic time.

import type { PublishedEvent, ResilEvent } from '../../src/events/events.ts'
import type { ExitDetails } from '../../src/events/exit.ts'
import type { WorkerRef } from '../../src/events/worker-ref.ts'
import { collect } from '../../src/incidents/collect.ts'
import { type CollectorState, initialCollector } from '../../src/incidents/collector-state.ts'
import type { Incident, Samples } from '../../src/incidents/incident.ts'
import type { LogLine } from '../../src/protocol/control.ts'

export const WALL = Date.UTC(2026, 0, 1)

export const worker = (slot: number, id: number, app = 'web', generation = 1): WorkerRef => ({
  app,
  slot,
  id,
  pid: 4000 + id,
  generation,
})

export const exit = (overrides: Partial<ExitDetails> = {}): ExitDetails => ({
  kind: 'code',
  code: 1,
  signal: null,
  uptimeMs: 3_000,
  errorCode: null,
  port: null,
  atMs: 0,
  ...overrides,
})

export const lines = (...texts: string[]): LogLine[] =>
  texts.map((text) => ({ at: WALL, app: 'web', slot: 0, pid: 4001, stream: 'stderr', text }))

export const crashed = (who: WorkerRef, details: Partial<ExitDetails> = {}): ResilEvent => ({
  type: 'worker.exited',
  worker: who,
  exit: exit(details),
  after: { do: 'restart', delayMs: 0 },
  crashes: 1,
})

export const ready = (who: WorkerRef): ResilEvent => ({
  type: 'worker.ready',
  worker: who,
  bootMs: 200,
  by: 'listening',
})

export interface Story {
  readonly state: CollectorState
  /** As it was last seen, also when it is over. */
  readonly incidents: readonly Incident[]
  /** The only one. */
  readonly incident: Incident
  readonly told: readonly ResilEvent[]
  happens(
    event: ResilEvent,
    seen?: { readonly lines?: readonly LogLine[]; readonly samples?: Samples },
  ): Incident | null
  /** Second by second, as the supervisor does. */
  passes(ms: number): void
  adopts(incidents: readonly Incident[], lastId?: string | null): void
}

export function story(apps: readonly string[] = ['web']): Story {
  let now = 5_000
  let seq = 0
  let state = initialCollector({
    supervisor: { name: 'shop', pid: 1, version: '0.1.0', node: 'v20.20.2' },
    stableAfterMs: Object.fromEntries(apps.map((app) => [app, 30_000])),
  })
  const incidents = new Map<string, Incident>()
  const told: ResilEvent[] = []
  const take = (input: Parameters<typeof collect>[1]): Incident | null => {
    const collected = collect(state, input)
    state = collected.state
    for (const incident of collected.changed) incidents.set(incident.id, incident)
    told.push(...collected.events)
    return collected.incident
  }
  return {
    get state() {
      return state
    },
    get incidents() {
      return [...incidents.values()]
    },
    get incident() {
      const all = [...incidents.values()]
      if (all.length !== 1) throw new Error(`${all.length} incidents: ${all.map(({ kind }) => kind).join(', ')}`)
      return all[0] as Incident
    },
    told,
    happens(event, seen = {}) {
      seq += 1
      const published: PublishedEvent = { ...event, at: WALL + now, seq }
      return take({ type: 'event', event: published, lines: seen.lines ?? [], samples: seen.samples ?? null, now })
    },
    passes(ms) {
      const end = now + ms
      while (now < end) {
        now = Math.min(end, now + 1_000)
        take({ type: 'tick', at: WALL + now, now })
      }
    },
    adopts: (adopted, lastId = null) => void take({ type: 'adopted', incidents: adopted, lastId, at: WALL + now, now }),
  }
}
