import { describe, expect, it } from 'vitest'
import type { MemoryLimits } from '../../../src/config/settings.ts'
import { freshMemory, watchMemory } from '../../../src/supervisor/watchdogs/memory.ts'

const limits: MemoryLimits = {
  softBytes: 400,
  hardBytes: 500,
  sustainMs: 10_000,
  predict: true,
  action: 'replace',
  sharedBytes: null,
}

/** Samples a second apart, of a worker that has been ready for `readyForMs` at the first; each verdict with its second. */
function verdicts(seconds: number, rssAt: (second: number) => number, own: Partial<MemoryLimits> = {}, readyForMs = 0) {
  let watch = freshMemory
  const found: [second: number, limit: string][] = []
  for (let second = 0; second < seconds; second += 1) {
    const now = 5_000_000 + second * 1_000
    const looked = watchMemory(watch, rssAt(second), { ...limits, ...own }, readyForMs + second * 1_000, now)
    watch = looked.watch
    if (looked.verdict !== null) found.push([second, looked.verdict.limit])
  }
  return found
}

describe('memory', () => {
  it('over the hard limit counts with the first sample, once', () => {
    expect(verdicts(30, (s) => (s < 5 ? 100 : 501), { softBytes: null })).toEqual([[5, 'hard']])
  })

  it('over the soft limit counts when it lasts', () => {
    expect(verdicts(30, (s) => (s < 5 ? 100 : 450))).toEqual([[15, 'soft']])
    expect(verdicts(60, (s) => (s % 10 < 8 ? 450 : 100))).toEqual([])
  })

  it('over both is over the hard one', () => {
    expect(verdicts(5, () => 501)[0]).toEqual([0, 'hard'])
  })

  it('that leaks steadily is found before it is at any limit', () => {
    const found = verdicts(200, (s) => 100 + 1.5 * s)
    expect(found[0]?.[1]).toBe('growth')
    // The minute that it takes to be sure, and at most two minutes before the limit.
    expect(found[0]?.[0]).toBeGreaterThanOrEqual((500 - 120 * 1.5 - 100) / 1.5)
    expect(found[0]?.[0]).toBeLessThan((400 - 100) / 1.5)
  })

  it.each<[name: string, rssAt: (second: number) => number]>([
    ['grows so slowly that the limit is far away', (s) => 300 + 0.2 * s],
    ['grows fast, far below the limit', (s) => 100 + Math.min(140, 2 * s)],
    ['is a saw', (s) => 200 + 4 * (s % 30)],
    ['fills its caches', (s) => 390 - 250 * Math.exp(-s / 20)],
  ])('that %s is left alone', (_name, rssAt) => {
    expect(verdicts(300, rssAt)).toEqual([])
  })

  it('is not followed during the first half minute, nor where prediction is off', () => {
    const leak = (s: number) => 250 + 2 * s
    expect(verdicts(70, leak, {}, 0)).toEqual([])
    expect(verdicts(70, leak, {}, 60_000)[0]?.[1]).toBe('growth')
    expect(verdicts(70, leak, { predict: false }, 60_000)).toEqual([])
  })

  it('without limits is never too much', () => {
    expect(verdicts(100, (s) => s * 1e9, { softBytes: null, hardBytes: null })).toEqual([])
  })
})
