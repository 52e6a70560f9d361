import { describe, expect, it } from 'vitest'
import { addPoint, fitLine, type Point, steadyGrowth } from '../../../src/supervisor/watchdogs/trend.ts'
import { fc } from '../../support/property.ts'

/** A value for each second, as the sampler brings them. */
function curve(seconds: number, valueAt: (second: number) => number): readonly Point[] {
  let points: readonly Point[] = []
  for (let second = 0; second < seconds; second += 1) points = addPoint(points, second * 1_000, valueAt(second))
  return points
}

/** Deterministic noise in [-1, 1]. */
const noise = (second: number): number => Math.sin(second * 12.9898) * Math.cos(second * 78.233)

describe('steady growth', () => {
  it.each<[name: string, perSecond: number, valueAt: (second: number) => number]>([
    ['a straight line', 2, (s) => 100 + 2 * s],
    ['a noisy line', 2, (s) => 100 + 2 * s + 3 * noise(s)],
    ['a line with small teeth of garbage collection', 2, (s) => 100 + 2 * s + (s % 6)],
    ['growth that gets faster', 4, (s) => 100 + s * s * 0.05],
  ])('is seen in %s', (_name, perSecond, valueAt) => {
    const growth = steadyGrowth(curve(60, valueAt)) * 1_000
    expect(growth).toBeGreaterThan(perSecond * 0.7)
    expect(growth).toBeLessThan(perSecond * 1.3)
  })

  it.each<[name: string, valueAt: (second: number) => number]>([
    ['a flat line', () => 100],
    ['noise', (s) => 100 + 5 * noise(s)],
    ['a fall', (s) => 300 - 2 * s],
    ['the teeth of a garbage collector that runs each 20 s', (s) => 100 + 3 * (s % 20)],
    ['teeth that end in a tooth half way up', (s) => 100 + 3 * ((s + 10) % 40)],
    ['a boot that fills its caches', (s) => 200 - 100 * Math.exp(-s / 15)],
    ['one step', (s) => (s < 30 ? 100 : 200)],
    ['growth that has stopped', (s) => 100 + 3 * Math.min(s, 35)],
  ])('is not seen in %s', (_name, valueAt) => {
    expect(steadyGrowth(curve(60, valueAt))).toBe(0)
  })

  it('needs half a minute', () => {
    expect(steadyGrowth(curve(30, (s) => 100 + 2 * s))).toBe(0)
    expect(steadyGrowth(curve(33, (s) => 100 + 2 * s))).toBeGreaterThan(0)
  })

  it('begins anew after a hole', () => {
    const before = curve(60, (s) => 100 + 2 * s)
    expect(addPoint(before, 90_000, 400)).toEqual([{ at: 90_000, value: 400 }])
  })
})

describe('what is kept', () => {
  it('is a minute at most, in any life', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.nat(1_000)), { maxLength: 200 }), (steps) => {
        let points: readonly Point[] = []
        let at = 0
        for (const [ms, value] of steps) {
          at += ms
          points = addPoint(points, at, value)
        }
        expect(points.length).toBeLessThanOrEqual(31)
        expect(Number.isFinite(steadyGrowth(points))).toBe(true)
      }),
    )
  })
})

describe('the line', () => {
  it('through points on a line is that line, whatever the offset of the clock', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), fc.nat(1e9), fc.nat(1e9), (slope, from, base) => {
        const points = Array.from({ length: 30 }, (_, i) => ({ at: from + i * 2_000, value: base + slope * i * 2_000 }))
        const { perMs, fit } = fitLine(points)
        expect(perMs).toBeCloseTo(slope, 5)
        expect(fit).toBeCloseTo(slope === 0 ? 0 : 1, 5)
      }),
    )
  })
})
