// Follows what workers report of their HTTP traffic and their strategies to the very last word: a report that was written before a
// worker died may be read after its exit, and counts. How reports become totals is metrics/traffic.ts and strategy-totals.ts.

import { createStrategyTotals, type StrategyTotal } from '../metrics/strategy-totals.ts'
import { createTrafficTotals, NO_TRAFFIC, type Traffic } from '../metrics/traffic.ts'
import type { WorkerHandle } from './worker-handle.ts'

/** A descriptor kept by a grandchild can hold the channel open after the exit. */
const LAST_WORDS_MS = 1_000

export interface TrafficCount {
  follow(worker: WorkerHandle): void
  /** Totals of an app since the start. */
  of(app: string): Traffic
  strategiesOf(app: string): readonly StrategyTotal[]
}

export function countTraffic(): TrafficCount {
  const totals = createTrafficTotals()
  const strategies = createStrategyTotals()
  const followed = new Set<WorkerHandle>()

  function report({ id, beat, strategies: samples }: WorkerHandle): void {
    strategies.report(id, samples)
    if (beat === null) return
    const { requests, http } = beat
    totals.report(id, { ...(http ?? NO_TRAFFIC), requests })
  }

  return {
    follow: (worker) => {
      const { id, app, process } = worker
      followed.add(worker)
      totals.begin(id, app)
      strategies.begin(id, app)
      const end = (): void => {
        if (!followed.delete(worker)) return
        report(worker)
        totals.end(id)
        strategies.end(id)
      }
      process.once('exit', () => {
        if (!process.connected) return end()
        process.once('disconnect', end)
        setTimeout(end, LAST_WORDS_MS).unref()
      })
    },
    of: (app) => {
      for (const worker of followed) report(worker)
      return totals.of(app)
    },
    strategiesOf: (app) => {
      for (const worker of followed) report(worker)
      return strategies.of(app)
    },
  }
}
