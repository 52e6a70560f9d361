// The last minute of each worker's measurements, one a second. In typed arrays: objects that live for a minute and then die
// would make V8 grow its young generation.

import type { Samples } from '../../incidents/incident.ts'

type Measure = Exclude<keyof Samples, 'at'>

export type Measured = { readonly [M in Measure]: number | null }

export interface SampleRings {
  push(worker: number, at: number, measured: Measured): void
  /** Oldest first; null: nothing was measured. */
  of(worker: number): Samples | null
  forget(worker: number): void
}

const SECONDS = 60
const MEASURES: readonly Measure[] = ['cpu', 'rss', 'heapUsed', 'delayP99Ms', 'utilization', 'connections', 'requests']

interface Ring {
  readonly at: Float64Array
  /** NaN: not known. */
  readonly numbers: Float64Array
  next: number
  length: number
}

export function createSampleRings(): SampleRings {
  const rings = new Map<number, Ring>()

  function ringOf(worker: number): Ring {
    const known = rings.get(worker)
    if (known !== undefined) return known
    const numbers = new Float64Array(SECONDS * MEASURES.length)
    const ring = { at: new Float64Array(SECONDS), numbers, next: 0, length: 0 }
    rings.set(worker, ring)
    return ring
  }

  return {
    push(worker, at, measured) {
      const ring = ringOf(worker)
      ring.at[ring.next] = at
      for (const [index, measure] of MEASURES.entries()) {
        ring.numbers[ring.next * MEASURES.length + index] = measured[measure] ?? Number.NaN
      }
      ring.next = (ring.next + 1) % SECONDS
      ring.length = Math.min(SECONDS, ring.length + 1)
    },
    of(worker) {
      const ring = rings.get(worker)
      if (ring === undefined) return null
      const places = Array.from({ length: ring.length }, (_, n) => (ring.next - ring.length + n + SECONDS) % SECONDS)
      const column = (index: number): (number | null)[] =>
        places.map((place) => {
          const value = ring.numbers[place * MEASURES.length + index] ?? Number.NaN
          return Number.isNaN(value) ? null : Math.round(value * 1000) / 1000
        })
      const columns = Object.fromEntries(MEASURES.map((measure, index) => [measure, column(index)])) as {
        [M in Measure]: (number | null)[]
      }
      return { at: places.map((place) => ring.at[place] ?? 0), ...columns }
    },
    forget: (worker) => void rings.delete(worker),
  }
}
