// How long recent calls took, so that a quantile of it can be asked: a ring of the last 256, sorted anew now and then.

const SIZE = 256
const SORT_EVERY = 32

export class Latencies {
  private readonly ring = new Float64Array(SIZE)
  private sorted = new Float64Array(0)
  private recorded = 0

  get count(): number {
    return this.recorded
  }

  record(durationMs: number): void {
    this.ring[this.recorded % SIZE] = durationMs
    this.recorded += 1
    if (this.recorded % SORT_EVERY === 0) this.sorted = this.ring.slice(0, Math.min(this.recorded, SIZE)).sort()
  }

  quantile(q: number): number {
    return this.sorted[Math.min(this.sorted.length - 1, Math.floor(q * this.sorted.length))] ?? 0
  }
}
