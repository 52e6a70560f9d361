import { describe, expect, it, test } from 'vitest'
import { type CanaryCounts, failsTooOften, lagsTooMuch, reportOf } from '../../src/supervisor/canary.ts'

const answers = (failed: number, answered: number): CanaryCounts => ({ answered, failed, lagSumMs: 0, beats: 0 })
const lag = (meanMs: number, beats = 60): CanaryCounts => ({ answered: 0, failed: 0, lagSumMs: meanMs * beats, beats })

describe('a new release fails too often', () => {
  it.each<[string, boolean, fresh: [number, number], old: [number, number]]>([
    ['where all fail and none did before', true, [20, 20], [0, 60]],
    ['where a twentieth fails and none did before', true, [50, 1_000], [0, 3_000]],
    ['where nearly all fail in both: it is not the release', false, [95, 100], [285, 300]],
    ['where a dependency fails a third of both', false, [300, 900], [1_000, 3_000]],
    ['where it fails more often than an old one that fails too', true, [500, 1_000], [300, 3_000]],
    ['where one of a few fails: that is chance', false, [1, 25], [0, 75]],
    ['where less than the limit fails, however sure it is', false, [800, 100_000], [0, 300_000]],
    ['where fewer answers came than tell anything', false, [19, 19], [0, 100]],
    ['where nothing was answered', false, [0, 0], [0, 0]],
    ['where there is no old one to compare with, by the limit alone', true, [20, 100], [0, 0]],
    ['where there is no old one, and it stays below', false, [0, 100], [0, 0]],
  ])('%s: %s', (_, expected, fresh, old) => {
    expect(failsTooOften(answers(...fresh), answers(...old), 0.01)).toBe(expected)
  })

  it('rarely by chance: innocent releases looked at each second for a minute', () => {
    // The same share of failures in both, over the limit. mulberry32, so that each run is the same.
    let seed = 42
    const random = () => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
    let convicted = 0
    for (let release = 0; release < 400; release += 1) {
      let [fresh, old] = [answers(0, 0), answers(0, 0)]
      for (let second = 0; second < 60; second += 1) {
        const more = (to: CanaryCounts, amount: number) => {
          const failed = Array.from({ length: amount }, random).filter((draw) => draw < 0.05).length
          return answers(to.failed + failed, to.answered + amount)
        }
        fresh = more(fresh, 20)
        old = more(old, 60)
        if (!failsTooOften(fresh, old, 0.01)) continue
        convicted += 1
        break
      }
    }
    expect(convicted / 400).toBeLessThan(0.03)
  })
})

describe('a new release lags too much', () => {
  it.each<[string, boolean, CanaryCounts, CanaryCounts]>([
    ['over the limit and far over the old one', true, lag(150), lag(5)],
    ['over the limit on a machine that delays both', false, lag(150), lag(140)],
    ['below the limit', false, lag(90), lag(1)],
    ['over the limit, with no old one', true, lag(150), lag(0, 0)],
    ['for too short a time to tell', false, lag(150, 4), lag(5)],
  ])('%s: %s', (_, expected, fresh, old) => {
    expect(lagsTooMuch(fresh, old, 100)).toBe(expected)
  })

  test('is not asked where no limit is set', () => {
    expect(lagsTooMuch(lag(5_000), lag(1), null)).toBe(false)
  })
})

test('the report has the numbers of both, and what was too much', () => {
  const limits = { instances: 1, observeMs: 60_000, maxErrorRate: 0.01, maxLagP99Ms: 100 }
  const counts = (failed: number, meanMs: number) => ({
    ...answers(failed, 200),
    ...{ lagSumMs: 60 * meanMs, beats: 60 },
  })
  expect(reportOf(counts(100, 2.04), counts(1, 1), limits, 30_000)).toEqual({
    observedMs: 30_000,
    fresh: { answered: 200, failed: 100, lagMs: 2 },
    old: { answered: 200, failed: 1, lagMs: 1 },
    maxErrorRate: 0.01,
    maxLagP99Ms: 100,
    because: 'errors',
  })
  expect(reportOf(counts(0, 400), counts(0, 1), limits, 60_000).because).toBe('lag')
  expect(reportOf(counts(0, 2), counts(0, 1), limits, 60_000).because).toBeNull()
})
