import { describe, expect, it } from 'vitest'
import { shortDelay, shortDuration, shortNumber, shortPercent, shortSize } from '../../../src/cli/render/units.ts'
import { fc } from '../../support/property.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('a duration in a table', () => {
  it.each([
    [null, '-'],
    [-5, '0ms'],
    [0, '0ms'],
    [999.9, '999ms'],
    [SECOND, '1s'],
    [59_999, '59s'],
    [MINUTE, '1m'],
    [3 * MINUTE + 2_999, '3m 2s'],
    [HOUR - 1, '59m 59s'],
    [HOUR, '1h'],
    [2 * HOUR + 5 * MINUTE, '2h 5m'],
    [DAY - 1, '23h 59m'],
    [DAY, '1d'],
    [400 * DAY + 23 * HOUR, '400d 23h'],
  ])('%s is %s', (ms, expected) => {
    expect(shortDuration(ms)).toBe(expected)
  })

  it('is never longer than a column', () => {
    const anyTime = fc.integer({ min: 0, max: 999 * DAY })
    fc.assert(
      fc.property(anyTime, (ms) => {
        expect(shortDuration(ms).length).toBeLessThanOrEqual(8)
      }),
    )
  })
})

describe('a size in a table', () => {
  it.each([
    [null, '-'],
    [0, '0B'],
    [1_023, '1023B'],
    [1_024, '1.0K'],
    [9.94 * 1024, '9.9K'],
    [9.96 * 1024, '10K'],
    [82 * 1024 ** 2, '82M'],
    [1_023.6 * 1024 ** 2, '1.0G'],
    [3 * 1024 ** 5, '3072T'],
  ])('%s is %s', (bytes, expected) => {
    expect(shortSize(bytes)).toBe(expected)
  })
})

it.each([
  [shortPercent(null), '-'],
  [shortPercent(0), '0.0%'],
  [shortPercent(9.94), '9.9%'],
  [shortPercent(9.96), '10%'],
  [shortPercent(140.2), '140%'],
  [shortDelay(null), '-'],
  [shortDelay(0.42), '0.4ms'],
  [shortDelay(12.4), '12ms'],
  [shortDelay(3_000), '3s'],
  [shortNumber(null), '-'],
  [shortNumber(0), '0'],
])('%s', (actual, expected) => {
  expect(actual).toBe(expected)
})
