import { describe, expect, it } from 'vitest'
import { seeded } from '../../../src/patterns/chaos/draw.ts'
import { constantBackoff, exponentialBackoff } from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'

const SAMPLES = 20_000

/** Mean and range of many draws of one delay. */
function drawn(jitter: 'full' | 'equal' | 'decorrelated' | number, retry: number, previousMs = 0) {
  const random = seeded(42)
  const backoff = exponentialBackoff({ initialMs: 100, maxMs: 10_000, jitter })
  const delays = Array.from({ length: SAMPLES }, () => backoff.delayMs(retry, previousMs, random))
  return {
    mean: delays.reduce((sum, delay) => sum + delay, 0) / SAMPLES,
    min: Math.min(...delays),
    max: Math.max(...delays),
  }
}

describe('exponentialBackoff', () => {
  it('doubles up to the cap', () => {
    const backoff = exponentialBackoff({ initialMs: 100, maxMs: 500, jitter: 'none' })
    expect([1, 2, 3, 4, 5].map((retry) => backoff.delayMs(retry, 0, Math.random))).toEqual([100, 200, 400, 500, 500])
  })

  // Uniform on [a, b): the mean of 20,000 draws is off by less than 1 % of the range, but once in 10^10.
  it.each([
    { jitter: 'full', retry: 3, from: 0, to: 400 },
    { jitter: 'equal', retry: 3, from: 200, to: 400 },
    { jitter: 0.5, retry: 3, from: 400, to: 600 },
    { jitter: 'full', retry: 5000, from: 0, to: 10_000 },
    { jitter: 'equal', retry: 5000, from: 5000, to: 10_000 },
    { jitter: 'decorrelated', retry: 1, previousMs: 0, from: 100, to: 300 },
    { jitter: 'decorrelated', retry: 4, previousMs: 1000, from: 100, to: 3000 },
    { jitter: 'decorrelated', retry: 9, previousMs: 9000, from: 100, to: 10_000 },
  ] as const)('draws uniformly, after the cap: %o', ({ jitter, retry, from, to, ...rest }) => {
    const { mean, min, max } = drawn(jitter, retry, 'previousMs' in rest ? rest.previousMs : 0)
    expect(min).toBeGreaterThanOrEqual(from)
    expect(max).toBeLessThan(to)
    expect(Math.abs(mean - (from + to) / 2)).toBeLessThan((to - from) * 0.02)
  })

  it('is finite and at least 0 for any attempt and any options', () => {
    const options = fc.record({
      initialMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      jitter: fc.oneof(
        fc.constantFrom('full', 'equal', 'decorrelated', 'none'),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    })
    const chance = fc.double({ min: 0, max: 0.999999, noNaN: true })
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 2 ** 31 }), chance, (given, retry, random) => {
        const backoff = exponentialBackoff({ ...given, maxMs: 2e6 } as Parameters<typeof exponentialBackoff>[0])
        const delay = backoff.delayMs(retry, 1e6, () => random)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(4e6)
      }),
    )
  })
})

it('constantBackoff is constant', () => {
  expect(constantBackoff(250).delayMs(17, 3, Math.random)).toBe(250)
})
