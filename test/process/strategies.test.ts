import { describe, expect, test } from 'vitest'
import { breakersOf, bulkheadsOf, keepSamples, type LiveSample } from '../../src/process/strategies.ts'
import type { BreakerState, StrategySample } from '../../src/protocol/strategy-sample.ts'

const breaker = (name: string, state: BreakerState, id = 1): LiveSample => ({
  id,
  kind: 'circuitBreaker',
  name,
  state,
  calls: 10,
  failures: 2,
  rejected: 1,
})
const room = (name: string, inFlight: number, id = 2): LiveSample => ({
  id,
  kind: 'bulkhead',
  name,
  limit: 5,
  inFlight,
  queued: 3,
  rejected: 4,
})

describe('a breaker', () => {
  test('is as bad as in its worst worker, and says in how many it is open', () => {
    const workers = [[breaker('db', 'closed')], [breaker('db', 'open')], [breaker('db', 'half-open')], []]
    expect(breakersOf(workers)).toEqual([
      { name: 'db', state: 'open', openIn: 1, workers: 3, calls: 30, failures: 6, rejected: 3 },
    ])
  })

  test.each<[BreakerState[], BreakerState, number]>([
    [['closed', 'closed'], 'closed', 0],
    [['disabled', 'closed'], 'disabled', 0],
    [['half-open', 'disabled'], 'half-open', 0],
    [['open', 'forced-open'], 'forced-open', 2],
  ])('%j is %s, open in %i', (states, state, openIn) => {
    expect(breakersOf(states.map((one) => [breaker('db', one)]))).toMatchObject([{ state, openIn }])
  })

  test('of a name that a worker uses twice counts as one worker', () => {
    expect(breakersOf([[breaker('db', 'open', 1), breaker('db', 'closed', 2)]])).toMatchObject([
      { state: 'open', openIn: 1, workers: 1, calls: 20 },
    ])
  })
})

test('bulkheads add up, by name', () => {
  expect(bulkheadsOf([[room('b', 5), room('a', 1, 3)], [room('b', 2)]])).toEqual([
    { name: 'a', workers: 1, fullIn: 0, limit: 5, inFlight: 1, queued: 3, rejected: 4 },
    { name: 'b', workers: 2, fullIn: 1, limit: 10, inFlight: 7, queued: 6, rejected: 8 },
  ])
})

test('no worker can make the supervisor remember more than fifty', () => {
  const known = new Map<number, LiveSample>()
  const many = Array.from({ length: 80 }, (_, id) => breaker(`b ${id}`, 'closed', id))
  keepSamples(known, many)
  expect(known.size).toBe(50)
  keepSamples(known, [breaker('b 79', 'open', 79), { id: 0, kind: 'gone' }, breaker('b 1', 'open', 1)])
  expect([known.size, known.has(0), known.get(79)?.name, known.get(1)]).toEqual([
    50,
    false,
    'b 79',
    breaker('b 1', 'open', 1),
  ])
})

test('what a worker tells replaces what it told before, until it is gone', () => {
  const known = new Map<number, LiveSample>()
  keepSamples(known, [breaker('db', 'closed'), room('room', 1)])
  keepSamples(known, [breaker('db', 'open'), { id: 2, kind: 'gone' }])
  expect([...known.values()]).toEqual([breaker('db', 'open')])
})

test.each<[string, readonly StrategySample[], boolean]>([
  ['counts alone', [{ ...breaker('db', 'closed'), failures: 9 } as LiveSample], false],
  ['a bulkhead', [room('room', 5)], false],
  ['a breaker that is new and closed', [breaker('mail', 'closed', 7)], false],
  ['a breaker that is new and open', [breaker('mail', 'open', 7)], true],
  ['a breaker that opens', [breaker('db', 'open')], true],
  ['an open breaker that goes on counting', [breaker('cut', 'open', 3)], false],
  ['an open breaker that is gone', [{ id: 3, kind: 'gone' }], true],
  ['a closed one that is gone', [{ id: 1, kind: 'gone' }], false],
  ['a fault that was injected', [{ id: 8, kind: 'chaos', name: 'x', injected: 1 }], true],
])('a turn, or none: %s', (_what, changes, turned) => {
  const known = new Map<number, LiveSample>()
  keepSamples(known, [breaker('db', 'closed'), breaker('cut', 'open', 3)])
  expect(keepSamples(known, changes)).toBe(turned)
})
