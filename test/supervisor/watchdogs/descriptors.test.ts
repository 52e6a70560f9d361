import { describe, expect, it, test } from 'vitest'
import { actionFor, type DescriptorCount, watchDescriptors } from '../../../src/supervisor/watchdogs/descriptors.ts'
import { calm, type Sustained } from '../../../src/supervisor/watchdogs/sustained.ts'

const limits = { share: 0.9, sustainMs: 10_000 }

function count(open: number, missed = 0): DescriptorCount {
  return { open, limit: 100, missed, mostly: null }
}

/** One count each five seconds; at which of them it tripped. */
function trips(counts: readonly DescriptorCount[]): number[] {
  let watch: Sustained = calm
  return counts.flatMap((each, index) => {
    const seen = watchDescriptors(watch, each, limits, index * 5_000)
    watch = seen.watch
    return seen.tripped ? [index] : []
  })
}

describe('a worker near its limit', () => {
  it('trips when that has lasted', () => expect(trips([91, 92, 95].map((open) => count(open)))).toEqual([2]))
  it('does not for a moment', () => expect(trips([91, 92, 40, 91, 92].map((open) => count(open)))).toEqual([]))
  it('trips once, and again when it had come down', () =>
    expect(trips([91, 91, 91, 91, 10, 91, 91, 91].map((open) => count(open)))).toEqual([2, 7]))
})

describe('a connection that did not reach it', () => {
  it('trips at once', () => expect(trips([count(100, 1)])).toEqual([0]))
  it('trips also where the count shows nothing any more', () => expect(trips([count(50, 3)])).toEqual([0]))
})

test.each([
  ['replace', 90, 90, true, { action: 'replace', because: null }],
  ['kill', 90, 90, true, { action: 'kill', because: null }],
  ['report', 90, 0, false, { action: 'report', because: null }],
  ['auto', 90, 10, false, { action: 'replace', because: null }],
  ['auto', 90, 44, false, { action: 'replace', because: null }],
  ['auto', 90, 45, false, { action: 'report', because: 'connections' }],
  ['auto', 90, 10, true, { action: 'report', because: 'useless' }],
] as const)('%s with %i open, %i of them connections, useless: %s', (action, open, connections, useless, verdict) => {
  expect(actionFor(action, open, connections, useless)).toEqual(verdict)
})
