// One destination with all that belongs to it: target, bounded queue, and the report of what it lost.

import type { Clock } from '../../clock.ts'
import type { ResilEvent } from '../../events/events.ts'
import { createDropReport } from './drop-report.ts'
import { createSink, type Sink } from './sink.ts'
import type { Target } from './target.ts'

/** What one destination may hold for a slow reader. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024

export interface Outlet extends Sink {
  /** Publishes what was lost and has not been told. */
  settle(): void
}

export function createOutlet(
  target: Target,
  clock: Clock,
  publish: (event: ResilEvent) => void,
  maxBytes: number = MAX_QUEUED_BYTES,
): Outlet {
  const report = createDropReport(clock, (drops) => publish({ type: 'output.dropped', ...drops, to: target.name }))
  const sink = createSink({ target, clock, maxBytes, onDropped: report.add, onDrained: report.recovered })
  return {
    ...sink,
    settle: report.settle,
    close() {
      sink.close()
      report.close()
    },
  }
}
