import { describe, expect, test } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts'
import { fc } from '../support/property.ts'

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['2.5s', 2_500],
    ['.5s', 500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    [' 30 S ', 30_000],
    ['+1s', 1_000],
    ['0', 0],
    ['-0', 0],
    [1_500, 1_500],
    [0, 0],
  ])('%j is %i ms', (input, value) => {
    expect(parseDuration(input)).toEqual({ ok: true, value })
  })

  test.each([
    ['30x', '"30x" is not a duration: unit "x" is unknown (use ms, s, m, h or d)'],
    ['30 seconds', '"30 seconds" is not a duration: unit "seconds" is unknown (use ms, s, m, h or d)'],
    ['512mb', '"512mb" is not a duration: unit "mb" is unknown (use ms, s, m, h or d)'],
    ['30', '"30" is not a duration: it has no unit; write "30s" for seconds, or a plain number for milliseconds'],
    ['-1s', '"-1s" is not a duration: it is negative'],
    [-1, '-1 is not a duration: it is negative'],
    ['', '"" is not a duration: write a number and a unit (ms, s, m, h or d)'],
    ['s', '"s" is not a duration: write a number and a unit (ms, s, m, h or d)'],
    ['1h30m', '"1h30m" is not a duration: write a number and a unit (ms, s, m, h or d)'],
    ['99999999999999999d', '"99999999999999999d" is not a duration: it is too large'],
    [1e300, '1e+300 is not a duration: it is too large'],
    [Number.POSITIVE_INFINITY, 'Infinity is not a duration: it must be finite'],
    [Number.NaN, 'NaN is not a duration: it must be finite'],
    ['1constructor', '"1constructor" is not a duration: unit "constructor" is unknown (use ms, s, m, h or d)'],
  ])('%j is refused, saying why', (input, problem) => {
    expect(parseDuration(input)).toEqual({ ok: false, problem })
  })

  test.each([
    [0, '0ms'],
    [1, '1ms'],
    [2_500, '2.5s'],
    [90_000, '90s'],
    [60_000, '1m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [1_234, '1234ms'],
  ])('%i ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test('what is written reads as the same duration', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 10 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms })
      }),
    )
  })
})

describe('sizes', () => {
  test.each([
    ['512mb', 512 * 1024 ** 2],
    ['512M', 512 * 1024 ** 2],
    ['512MiB', 512 * 1024 ** 2],
    ['1.5gb', 1.5 * 1024 ** 3],
    ['64k', 65_536],
    ['2t', 2 * 1024 ** 4],
    ['100b', 100],
    ['0', 0],
    [4_096, 4_096],
  ])('%j is %i bytes', (input, value) => {
    expect(parseSize(input)).toEqual({ ok: true, value })
  })

  test.each([
    ['30s', '"30s" is not a size: unit "s" is unknown (use b, kb, mb, gb or tb)'],
    ['512', '"512" is not a size: it has no unit; write "512mb", or a plain number for bytes'],
    [-1, '-1 is not a size: it is negative'],
  ])('%j is refused, saying why', (input, problem) => {
    expect(parseSize(input)).toEqual({ ok: false, problem })
  })

  test('what is written reads as the same size', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 13 }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toEqual({ ok: true, value: bytes })
      }),
    )
  })
})

test('no text makes the parsers throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(typeof parseDuration(text).ok).toBe('boolean')
      expect(typeof parseSize(text).ok).toBe('boolean')
    }),
  )
})
