// Whom an event is about, so that logs and streams can be filtered by app, slot and process.

import type { PublishedEvent, ResilEvent } from './events.ts'

export interface Subject {
  readonly app: string | null
  readonly slot: number | null
  readonly pid: number | null
}

/** All null: the supervisor itself. */
export function subjectOf(event: ResilEvent | PublishedEvent): Subject {
  if ('worker' in event) {
    const { app, slot, pid } = event.worker
    return { app, slot, pid }
  }
  if (!('app' in event)) return { app: null, slot: null, pid: null }
  return { app: event.app, slot: 'slot' in event ? event.slot : null, pid: 'pid' in event ? event.pid : null }
}
