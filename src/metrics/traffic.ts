// Pure: HTTP totals of each app, put together from what its workers report about themselves. What a dead worker had reported is
// kept, a new one starts from zero, and a report of one that is not known (any more) changes nothing: totals never fall.

import { DURATION_BOUNDS_S, type HttpCounts, STATUS_CLASSES } from '../protocol/http-counts.ts'

/** Totals since a worker, or the supervisor, began; `inHand` is now. */
export interface Traffic extends HttpCounts {
  /** Begun; upgrades such as WebSockets included, which have no response. */
  readonly requests: number
}

export const NO_TRAFFIC: Traffic = {
  requests: 0,
  inHand: 0,
  responses: STATUS_CLASSES.map(() => 0),
  aborted: 0,
  durations: [...DURATION_BOUNDS_S, Number.POSITIVE_INFINITY].map(() => 0),
  durationSumMs: 0,
}

export interface TrafficTotals {
  begin(worker: number, app: string): void
  /** What the worker has counted so far. */
  report(worker: number, traffic: Traffic): void
  /** Nothing more will come of it. */
  end(worker: number): void
  of(app: string): Traffic
}

export function createTrafficTotals(): TrafficTotals {
  const ended = new Map<string, Traffic>()
  const living = new Map<number, { readonly app: string; traffic: Traffic }>()

  return {
    begin: (worker, app) => void living.set(worker, { app, traffic: NO_TRAFFIC }),
    report: (worker, traffic) => {
      const known = living.get(worker)
      // An app can write to its own channel: one that claims less than before must not turn totals back.
      if (known !== undefined && isLater(traffic, known.traffic)) known.traffic = traffic
    },
    end: (worker) => {
      const known = living.get(worker)
      if (known === undefined) return
      living.delete(worker)
      // What it had in hand went with it.
      ended.set(known.app, { ...sum(ended.get(known.app) ?? NO_TRAFFIC, known.traffic), inHand: 0 })
    },
    of: (app) => {
      const own = [...living.values()].filter((one) => one.app === app)
      return own.reduce((total, { traffic }) => sum(total, traffic), ended.get(app) ?? NO_TRAFFIC)
    },
  }
}

function isLater(next: Traffic, before: Traffic): boolean {
  return totalsOf(next).every((total, index) => total >= (totalsOf(before)[index] ?? 0))
}

function totalsOf({ requests, aborted, durationSumMs, responses, durations }: Traffic): number[] {
  return [requests, aborted, durationSumMs, ...responses, ...durations]
}

function sum(a: Traffic, b: Traffic): Traffic {
  return {
    requests: a.requests + b.requests,
    inHand: a.inHand + b.inHand,
    responses: a.responses.map((count, index) => count + (b.responses[index] ?? 0)),
    aborted: a.aborted + b.aborted,
    durations: a.durations.map((count, index) => count + (b.durations[index] ?? 0)),
    durationSumMs: a.durationSumMs + b.durationSumMs,
  }
}
