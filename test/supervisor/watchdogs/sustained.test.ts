import { describe, expect, it } from 'vitest'
import {
  calm,
  hasTripped,
  observe,
  type Sustained,
  shiftSustained,
} from '../../../src/supervisor/watchdogs/sustained.ts'

/** Values a second apart against a limit of 100 that has to be exceeded for 3 s; the seconds in which it trips. */
function trips(values: readonly number[], sustainMs = 3_000): number[] {
  let watch: Sustained = calm
  return values.flatMap((value, second) => {
    const before = watch
    watch = observe(before, value, 100, sustainMs, second * 1_000)
    return hasTripped(before, watch) ? [second] : []
  })
}

describe('a limit that must be exceeded for a while', () => {
  it.each<[name: string, values: number[], seconds: number[]]>([
    ['trips when it was exceeded for so long', [50, 101, 101, 101, 101, 101], [4]],
    ['never at the limit itself', [100, 100, 100, 100, 100, 100], []],
    ['counts anew after a single value below', [101, 101, 101, 100, 101, 101, 101, 101], [7]],
    ['trips once, however long it lasts', Array(100).fill(200), [3]],
    ['trips once while the value plays around the limit', [101, 101, 101, 101, 95, 101, 101, 101, 101, 99, 101], [3]],
    ['trips again after the value has come down clearly', [101, 101, 101, 101, 90, 101, 101, 101, 101], [3, 8]],
    ['does not trip for short peaks, however many', Array.from({ length: 60 }, (_, i) => (i % 4 === 3 ? 50 : 150)), []],
  ])('%s', (_name, values, seconds) => {
    expect(trips(values)).toEqual(seconds)
  })

  it('without a duration counts at once', () => {
    expect(trips([100, 101, 101], 0)).toEqual([1])
  })

  it('does not count time in which nobody looked', () => {
    let watch = observe(calm, 101, 100, 3_000, 0)
    watch = shiftSustained(watch, 60_000)
    watch = observe(watch, 101, 100, 3_000, 61_000)
    expect(watch.tripped).toBe(false)
    expect(observe(watch, 101, 100, 3_000, 63_000).tripped).toBe(true)
  })
})
