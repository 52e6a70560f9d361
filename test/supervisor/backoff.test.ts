import { describe, expect, it } from 'vitest'
import { backoffMs, forgive } from '../../src/supervisor/backoff.ts'
import { fc } from '../support/property.ts'

const defaults = { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: 0.25 }

describe('backoff', () => {
  it.each([
    [1, 0],
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
    [6, 16_000],
    [7, 30_000],
    [5_000, 30_000],
  ])('waits, after crash %i in a row, %i ms before jitter', (debt, expected) => {
    expect(backoffMs(debt, defaults, 0)).toBe(expected)
  })

  it('stretches by at most the jitter, never shrinks while debt grows, and is finite for any debt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (debt, random) => {
          const base = backoffMs(debt, defaults, 0)
          const actual = backoffMs(debt, defaults, random)
          expect(actual).toBeGreaterThanOrEqual(base)
          expect(actual).toBeLessThanOrEqual(base * 1.25)
          expect(backoffMs(debt + 1, defaults, 0)).toBeGreaterThanOrEqual(base)
          expect(Number.isFinite(actual)).toBe(true)
        },
      ),
    )
  })

  it.each([
    [3, 29_999, 3],
    [3, 30_000, 2],
    [3, 61_000, 1],
    [3, 3_600_000, 0],
  ])('forgives: debt %i after %i ms ready is %i', (debt, readyForMs, expected) => {
    expect(forgive(debt, readyForMs, 30_000)).toBe(expected)
  })
})
