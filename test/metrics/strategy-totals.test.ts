// Totals of strategies over the lives of workers: what was counted stays, and no total ever falls.

import { describe, expect, it } from 'vitest'
import { createStrategyTotals, type LiveSample } from '../../src/metrics/strategy-totals.ts'
import { MOST_STRATEGIES } from '../../src/protocol/strategy-sample.ts'
import { fc } from '../support/property.ts'

function breaker(
  id: number,
  calls: number,
  given: { name?: string; failures?: number; rejected?: number } = {},
): LiveSample {
  return { id, kind: 'circuitBreaker', name: 'db', state: 'closed', calls, failures: 0, rejected: 0, ...given }
}

describe('totals of the strategies of an app', () => {
  it('are those of its workers, by name, and of no other app', () => {
    const totals = createStrategyTotals()
    for (const worker of [1, 2]) totals.begin(worker, 'web')
    totals.begin(3, 'other')
    totals.report(1, [breaker(1, 10, { failures: 3, rejected: 2 }), breaker(2, 5)])
    totals.report(2, [breaker(1, 1), { id: 2, kind: 'chaos', name: 'db', injected: 4 }])
    totals.report(3, [breaker(1, 100)])
    expect(totals.of('web')).toMatchObject([
      { kind: 'circuitBreaker', name: 'db', success: 13, failure: 3, rejected: 2 },
      { kind: 'chaos', name: 'db', injected: 4 },
    ])
    expect(totals.of('nobody')).toEqual([])
  })

  it('keep what was counted by a worker that has ended, and by a strategy that was disposed of', () => {
    const totals = createStrategyTotals()
    const success = () => totals.of('web').map((total) => total.success)
    totals.begin(1, 'web')
    totals.report(1, [breaker(1, 3), breaker(2, 4)])
    totals.report(1, [breaker(2, 5)])
    expect(success()).toEqual([8])
    totals.end(1)
    expect(success()).toEqual([8])
    totals.begin(2, 'web')
    totals.report(2, [breaker(1, 1)])
    expect(success()).toEqual([9])
    totals.report(1, [breaker(2, 50)])
    expect(success()).toEqual([9])
  })

  it('have no more names than a worker may tell of, however many an app makes up', () => {
    const totals = createStrategyTotals()
    for (let worker = 1; worker <= 10; worker++) {
      totals.begin(worker, 'web')
      totals.report(
        worker,
        Array.from({ length: MOST_STRATEGIES }, (_, n) => breaker(n, 1, { name: `${worker} ${n}` })),
      )
      totals.end(worker)
    }
    expect(totals.of('web')).toHaveLength(MOST_STRATEGIES)
    expect(totals.of('web')[0]).toMatchObject({ name: '1 0', success: 1 })
  })

  it('never fall, whatever workers claim', () => {
    const sample = fc.record({ id: fc.integer({ min: 1, max: 3 }), calls: fc.nat(9), name: fc.constantFrom('a', 'b') })
    const step = fc.record({
      act: fc.constantFrom('begin', 'report', 'end'),
      worker: fc.integer({ min: 1, max: 2 }),
      samples: fc.uniqueArray(sample, { selector: ({ id }) => id, maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const totals = createStrategyTotals()
        const before = new Map<string, number>()
        const begun = new Set<number>()
        for (const { act, worker, samples } of steps) {
          // An id of a worker is used once.
          if (act === 'begin' && !begun.has(worker)) {
            begun.add(worker)
            totals.begin(worker, 'web')
          }
          if (act === 'report')
            totals.report(
              worker,
              samples.map(({ id, calls, name }) => breaker(id, calls, { name })),
            )
          if (act === 'end') totals.end(worker)
          for (const { name, success } of totals.of('web')) {
            expect(success).toBeGreaterThanOrEqual(before.get(name) ?? 0)
            before.set(name, success)
          }
        }
      }),
    )
  })
})
