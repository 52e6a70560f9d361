import { describe, expect, it } from 'vitest'
import { type Delays, watchLoopDelay } from '../../src/agent/loop-delay.ts'

/** As Node's: nanoseconds between wake-ups that should be 100 ms apart. */
class Recorded implements Delays {
  #all: number[] = []
  resets = 0

  record(...delaysMs: number[]): void {
    this.#all.push(...delaysMs.map((ms) => (100 + ms) * 1e6))
  }
  get max(): number {
    return Math.max(0, ...this.#all)
  }
  percentile(percentile: number): number {
    return this.#all.sort((a, b) => a - b)[Math.ceil((this.#all.length * percentile) / 100) - 1] ?? 0
  }
  reset(): void {
    this.resets += 1
    this.#all = []
  }
}

describe("the event loop's delay", () => {
  it('is nothing before anything was recorded, and where wake-ups are early', () => {
    const delays = new Recorded()
    const loop = watchLoopDelay(delays)
    expect(loop.p99Ms()).toBe(0)
    delays.record(-1, -0.5)
    expect(loop.p99Ms()).toBe(0)
  })

  it('is the 99th percentile since it was last asked', () => {
    const delays = new Recorded()
    const loop = watchLoopDelay(delays)
    delays.record(...Array.from({ length: 99 }, () => 20), 500)
    expect(loop.p99Ms()).toBeCloseTo(20)
    delays.record(1, 300)
    expect(loop.p99Ms()).toBeCloseTo(300)
    delays.record(2)
    expect(loop.p99Ms()).toBeCloseTo(2)
  })

  it('leaves the histogram alone as long as nothing notable is in it', () => {
    const delays = new Recorded()
    const loop = watchLoopDelay(delays)
    delays.record(1, 2, 4.9)
    expect(loop.p99Ms()).toBeCloseTo(4.9)
    expect(delays.resets).toBe(0)
    delays.record(5)
    expect(loop.p99Ms()).toBeCloseTo(5)
    expect(delays.resets).toBe(1)
  })
})
