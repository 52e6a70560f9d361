// What the admin port has to have seen from the supervisor's first event on: counts for /metrics, and how far each app has come for
// the probes. The server asks it; it asks nobody.

import type { ResilEvent } from '../../events/events.ts'
import { createEventCounts } from '../../metrics/event-counts.ts'
import { sample, statusSamples } from '../../metrics/status-samples.ts'
import { type Sample, type TextFormat, toText } from '../../metrics/text-format.ts'
import type { EventStreams } from './event-stream.ts'
import { createHealthWatch, type HealthWatch } from './health.ts'
import type { AdminPort } from './port.ts'
import { processSamples } from './process-samples.ts'
import type { RefusalReason } from './respond.ts'

/** For each word once, so that the compiler asks for a new one here. */
const REASONS: Readonly<Record<RefusalReason, true>> = {
  host: true,
  origin: true,
  token: true,
  'no-token-configured': true,
  busy: true,
  'bad-request': true,
}

export interface Observed {
  add(event: ResilEvent): void
  refused(reason: RefusalReason): void
  readonly health: Pick<HealthWatch, 'started' | 'ready'>
  /** All metrics. */
  metrics(port: AdminPort, streams: Pick<EventStreams, 'count' | 'dropped'>, format: TextFormat): string
}

export function createObserved(apps: readonly string[]): Observed {
  const counts = createEventCounts(apps)
  const health = createHealthWatch()
  const refusals = new Map<string, number>(Object.keys(REASONS).map((reason) => [reason, 0]))

  return {
    add: (event) => {
      counts.add(event)
      health.add(event)
    },
    refused: (reason) => void refusals.set(reason, (refusals.get(reason) ?? 0) + 1),
    health,
    metrics: (port, streams, format) => {
      const samples: Sample[] = [
        ...processSamples(),
        ...statusSamples(port.glance(), port),
        ...counts.samples(),
        ...[...refusals].map(([reason, count]) => sample('resil_admin_refusals_total', { reason }, count)),
        sample('resil_admin_event_streams', {}, streams.count),
        sample('resil_admin_events_dropped_total', {}, streams.dropped),
      ]
      return toText(samples, format)
    },
  }
}
