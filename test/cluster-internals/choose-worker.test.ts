import { describe, expect, it } from 'vitest'
import { byClient, clientOf, leastBusy } from '../../src/cluster-internals/choose-worker.ts'
import { fc } from '../support/property.ts'

const worker = (slot: number, id = slot + 1, unanswered = 0) => ({ slot, id, unanswered })
const slots = (count: number) => Array.from({ length: count }, (_, slot) => worker(slot))
const clients = Array.from({ length: 4_000 }, (_, i) => `10.${i >> 8}.${i & 255}.7`)

describe('the least busy worker', () => {
  it('is one with the fewest unanswered connections', () => {
    expect(leastBusy([worker(0, 1, 2), worker(1, 2, 1), worker(2, 3, 4)], 0)?.slot).toBe(1)
  })

  it('is each in turn where they are equally busy', () => {
    const candidates = slots(3)
    const turns: number[] = []
    for (let last = 0, i = 0; i < 6; i += 1) {
      last = leastBusy(candidates, last)?.id ?? 0
      turns.push(last)
    }
    expect(turns).toEqual([1, 2, 3, 1, 2, 3])
  })

  it('is nobody where there is no worker', () => {
    expect(leastBusy([], 0)).toBeUndefined()
  })
})

describe('the worker of a client', () => {
  it('is the same slot whatever worker is in it, and in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.nat(63), { minLength: 1, maxLength: 16 }),
        fc.nat(9_999),
        (client, numbers, id) => {
          const before = byClient(
            numbers.map((slot) => worker(slot)),
            client,
          )
          const after = byClient(
            numbers.toReversed().map((slot) => worker(slot, id + slot)),
            client,
          )
          expect(after?.slot).toBe(before?.slot)
        },
      ),
    )
  })

  it('changes only for clients of the slot that goes', () => {
    for (const gone of [0, 2, 4]) {
      const rest = slots(5).filter(({ slot }) => slot !== gone)
      for (const client of clients) {
        const before = byClient(slots(5), client)?.slot
        if (before !== gone) expect(byClient(rest, client)?.slot).toBe(before)
      }
    }
  })

  it('is each slot for an even share of clients, neighbouring addresses included', () => {
    const chosen = clients.map((client) => byClient(slots(5), client)?.slot)
    for (const { slot } of slots(5)) {
      const share = chosen.filter((each) => each === slot).length / clients.length
      expect(share).toBeGreaterThan(0.17)
      expect(share).toBeLessThan(0.23)
    }
  })

  it('is the older of two in one slot: it has the session until it drains', () => {
    expect(byClient([worker(0, 9), worker(0, 4)], '10.0.0.1')?.id).toBe(4)
  })

  it('knows an IPv4 client on a dual-stack listener', () => {
    expect(clientOf('::ffff:10.0.0.1')).toBe('10.0.0.1')
    expect(clientOf('fe80::1')).toBe('fe80::1')
  })
})
