import { describe, expect, it } from 'vitest'
import { actionFor, type ConnectionView, drainTimes, hurriedTimes } from '../../src/agent/drain-rules.ts'
import { fc } from '../support/property.ts'

const times = { silentWaitMs: 500, idleWaitMs: 2_000, cutAtMs: 9_500 }
const websocket = (open: boolean, told: boolean) => ({ kind: 'websocket', open, told }) as const

describe('what happens to a connection, and when', () => {
  it.each<[ConnectionView, elapsedMs: number, ReturnType<typeof actionFor>]>([
    [{ kind: 'silent' }, 0, 'leave'],
    [{ kind: 'silent' }, 499, 'leave'],
    [{ kind: 'silent' }, 500, 'destroy'],
    [{ kind: 'http' }, 0, 'leave'],
    [{ kind: 'http' }, 9_499, 'leave'],
    [{ kind: 'http' }, 9_500, 'destroy'],
    [{ kind: 'other' }, 9_499, 'leave'],
    [{ kind: 'other' }, 9_500, 'destroy'],
    [websocket(false, false), 9_499, 'leave'],
    [websocket(true, false), 0, 'tell-going-away'],
    [websocket(true, false), 5_000, 'tell-going-away'],
    [websocket(true, true), 1_999, 'leave'],
    [websocket(true, true), 2_000, 'hang-up'],
    [websocket(true, true), 9_500, 'destroy'],
  ])('%j after %i ms: %s', (view, elapsedMs, action) => {
    expect(actionFor(view, elapsedMs, times)).toBe(action)
  })
})

describe('the times of a drain', () => {
  it.each([
    { deadlineMs: 25_000, idleWaitMs: 2_000, expected: { silentWaitMs: 500, idleWaitMs: 2_000, cutAtMs: 24_500 } },
    { deadlineMs: 1_000, idleWaitMs: 2_000, expected: { silentWaitMs: 500, idleWaitMs: 900, cutAtMs: 900 } },
    { deadlineMs: 5_000, idleWaitMs: 0, expected: { silentWaitMs: 0, idleWaitMs: 0, cutAtMs: 4_500 } },
    { deadlineMs: 0, idleWaitMs: 2_000, expected: { silentWaitMs: 0, idleWaitMs: 0, cutAtMs: 0 } },
  ])('$deadlineMs ms with $idleWaitMs ms for idle ones', ({ expected, ...request }) => {
    expect(drainTimes({ ...request, signal: 'SIGTERM' })).toEqual(expected)
  })

  it('leave the deadline to the end, and are in order', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (deadlineMs, idleWaitMs) => {
        const all = drainTimes({ deadlineMs, idleWaitMs, signal: 'SIGTERM' })
        expect(all.silentWaitMs).toBeLessThanOrEqual(all.idleWaitMs)
        expect(all.idleWaitMs).toBeLessThanOrEqual(all.cutAtMs)
        expect(all.cutAtMs).toBeLessThanOrEqual(deadlineMs)
      }),
    )
  })

  it('only get shorter by a second request', () => {
    const request = fc.record({ deadlineMs: fc.nat(), idleWaitMs: fc.nat(), signal: fc.constant('SIGTERM') })
    fc.assert(
      fc.property(request, request, fc.nat(), (first, second, elapsedMs) => {
        const before = drainTimes(first)
        const after = hurriedTimes(before, second, elapsedMs)
        for (const key of ['silentWaitMs', 'idleWaitMs', 'cutAtMs'] as const) {
          expect(after[key]).toBeLessThanOrEqual(before[key])
        }
        expect(after.cutAtMs).toBeLessThanOrEqual(elapsedMs + second.deadlineMs)
      }),
    )
  })
})
