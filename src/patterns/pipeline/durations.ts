// How long calls took, in fixed buckets: those of different workers can be added up.

import type { DurationMetrics } from '../metrics.ts'

/** Milliseconds; the usual ones of Prometheus clients, in seconds 0.005 to 10, and 30 for patient calls. */
const UP_TO_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000]

export class Durations {
  private readonly counts = new Float64Array(UP_TO_MS.length)
  private count = 0
  private sumMs = 0

  record(durationMs: number): void {
    this.count += 1
    this.sumMs += durationMs
    let bucket = 0
    while (bucket < UP_TO_MS.length && durationMs > (UP_TO_MS[bucket] ?? 0)) bucket += 1
    if (bucket < UP_TO_MS.length) this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }

  snapshot(): DurationMetrics {
    let total = 0
    const buckets = UP_TO_MS.map((upToMs, bucket) => {
      total += this.counts[bucket] ?? 0
      return { upToMs, count: total }
    })
    return { count: this.count, sumMs: this.sumMs, buckets }
  }
}
