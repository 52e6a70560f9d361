// Totals over the lives of workers: what the dead counted stays, and no total ever falls.

import { describe, expect, it } from 'vitest'
import { createTrafficTotals, NO_TRAFFIC, type Traffic } from '../../src/metrics/traffic.ts'
import { fc } from '../support/property.ts'

function traffic(answered: number, given: Partial<Traffic> = {}): Traffic {
  const [, ...slower] = NO_TRAFFIC.durations
  return {
    ...NO_TRAFFIC,
    requests: answered,
    responses: [0, answered, 0, 0, 0],
    durations: [answered, ...slower],
    durationSumMs: answered,
    ...given,
  }
}

type Step = readonly ['begin' | 'end', number] | readonly ['report', number, number]

describe('totals of an app', () => {
  it.each<[string, readonly Step[], number]>([
    ['nothing was reported', [['begin', 1]], 0],
    [
      'a worker reports twice: the later counts',
      [
        ['begin', 1],
        ['report', 1, 3],
        ['report', 1, 7],
      ],
      7,
    ],
    [
      'two workers are added up',
      [
        ['begin', 1],
        ['begin', 2],
        ['report', 1, 3],
        ['report', 2, 4],
      ],
      7,
    ],
    [
      'a worker has ended: its counts stay',
      [
        ['begin', 1],
        ['report', 1, 3],
        ['end', 1],
      ],
      3,
    ],
    [
      'the next begins from zero',
      [
        ['begin', 1],
        ['report', 1, 3],
        ['end', 1],
        ['begin', 2],
        ['report', 2, 1],
      ],
      4,
    ],
    [
      'a report of one that has ended is ignored',
      [
        ['begin', 1],
        ['report', 1, 3],
        ['end', 1],
        ['report', 1, 9],
      ],
      3,
    ],
    ['a report of one that never began is ignored', [['report', 1, 9]], 0],
    [
      'a second end changes nothing',
      [
        ['begin', 1],
        ['report', 1, 3],
        ['end', 1],
        ['end', 1],
      ],
      3,
    ],
    [
      'a worker that claims less than before is not believed',
      [
        ['begin', 1],
        ['report', 1, 9],
        ['report', 1, 2],
      ],
      9,
    ],
  ])('%s', (_why, steps, expected) => {
    const totals = createTrafficTotals()
    for (const [what, worker, count] of steps) {
      if (what === 'begin') totals.begin(worker, 'web')
      else if (what === 'end') totals.end(worker)
      else totals.report(worker, traffic(count ?? 0))
    }
    expect(totals.of('web')).toEqual(traffic(expected))
  })

  it('are kept apart from those of other apps', () => {
    const totals = createTrafficTotals()
    totals.begin(1, 'web')
    totals.begin(2, 'api')
    totals.report(1, traffic(2))
    totals.report(2, traffic(5))
    totals.end(1)
    expect([totals.of('web').requests, totals.of('api').requests, totals.of('none').requests]).toEqual([2, 5, 0])
  })

  it('have in hand only what living workers have', () => {
    const totals = createTrafficTotals()
    totals.begin(1, 'web')
    totals.begin(2, 'web')
    totals.report(1, traffic(1, { inHand: 4 }))
    totals.report(2, traffic(1, { inHand: 2 }))
    expect(totals.of('web').inHand).toBe(6)
    totals.end(1)
    expect(totals.of('web')).toMatchObject({ inHand: 2, requests: 2 })
  })

  it('never fall, whatever is reported of whomever in whatever order', () => {
    const step = fc.record({
      what: fc.constantFrom('begin', 'report', 'end'),
      worker: fc.integer({ min: 1, max: 4 }),
      count: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const totals = createTrafficTotals()
        const begun = new Set<number>()
        let before = totals.of('web')
        for (const { what, worker, count } of steps) {
          // Ids are never used again.
          if (what === 'begin' && !begun.has(worker)) totals.begin(worker, 'web')
          if (what === 'begin') begun.add(worker)
          if (what === 'report') totals.report(worker, traffic(count ?? 0))
          if (what === 'end') totals.end(worker)
          const now = totals.of('web')
          expect(now.requests).toBeGreaterThanOrEqual(before.requests)
          expect(now.durations[0] ?? 0).toBeGreaterThanOrEqual(before.durations[0] ?? 0)
          before = now
        }
      }),
    )
  })
})
