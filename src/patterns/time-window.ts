// Counts of the last so many milliseconds, in ten buckets: recording is O(1), memory does not depend on the rate, and after
// an idle time every bucket that has elapsed is gone, not only the oldest.

const BUCKETS = 10

export class TimeWindow<Counter extends string> {
  private readonly bucketMs: number
  private readonly counters: readonly Counter[]
  /** Bucket by bucket, one number per counter. */
  private readonly counts: Float64Array
  private readonly sums: Float64Array
  /** Number of the newest bucket, on a clock whose origin may be anywhere. */
  private newest = Number.NEGATIVE_INFINITY

  constructor(durationMs: number, counters: readonly Counter[]) {
    this.bucketMs = durationMs / BUCKETS
    this.counters = counters
    this.counts = new Float64Array(BUCKETS * counters.length)
    this.sums = new Float64Array(counters.length)
  }

  add(counter: Counter, now: number): void {
    this.evict(now)
    const index = this.counters.indexOf(counter)
    const at = placeOf(this.newest) * this.counters.length + index
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sums[index] = (this.sums[index] ?? 0) + 1
  }

  total(counter: Counter, now: number): number {
    this.evict(now)
    return this.sums[this.counters.indexOf(counter)] ?? 0
  }

  clear(): void {
    this.counts.fill(0)
    this.sums.fill(0)
  }

  private evict(now: number): void {
    const current = Math.floor(now / this.bucketMs)
    if (current <= this.newest) return
    if (current - this.newest >= BUCKETS) this.clear()
    else for (let bucket = this.newest + 1; bucket <= current; bucket++) this.empty(placeOf(bucket))
    this.newest = current
  }

  private empty(bucket: number): void {
    const width = this.counters.length
    for (let index = 0; index < width; index++) {
      const at = bucket * width + index
      this.sums[index] = (this.sums[index] ?? 0) - (this.counts[at] ?? 0)
      this.counts[at] = 0
    }
  }
}

function placeOf(bucket: number): number {
  const place = bucket % BUCKETS
  return place < 0 ? place + BUCKETS : place
}
