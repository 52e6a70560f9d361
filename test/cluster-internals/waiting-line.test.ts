import { beforeEach, describe, expect, it } from 'vitest'
import type { NativeHandle } from '../../src/cluster-internals/cluster-message.ts'
import { LONGEST_HOLD_MS, MOST_HELD, WaitingLine } from '../../src/cluster-internals/waiting-line.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'

describe('the line of those who wait for a worker', () => {
  let clock: FakeClock
  let counts: { held: number; dropped: number }
  let closed: NativeHandle[]
  let line: WaitingLine
  const connection = (): NativeHandle => ({ close: () => {} })

  beforeEach(() => {
    clock = fakeClock()
    counts = { held: 0, dropped: 0 }
    closed = []
    line = new WaitingLine(clock, counts, (each) => closed.push(each))
  })

  it('gives them out in the order in which they came', () => {
    const all = [connection(), connection(), connection()]
    for (const each of all) line.add(each)
    expect(line.takeAll()).toEqual(all)
    expect(line.length).toBe(0)
    expect(counts).toEqual({ held: 3, dropped: 0 })
  })

  it('closes one that has waited for as long as anybody may, and not a moment earlier', () => {
    const [first, second] = [connection(), connection()]
    line.add(first)
    clock.advance(1)
    line.add(second)
    clock.advance(LONGEST_HOLD_MS - 2)
    line.expire()
    expect(closed).toEqual([])
    clock.advance(1)
    line.expire()
    expect(closed).toEqual([first])
    clock.advance(1)
    line.expire()
    expect(closed).toEqual([first, second])
    expect(counts).toEqual({ held: 2, dropped: 2 })
  })

  it('closes one that comes when it is full, and lets the others wait', () => {
    for (let i = 0; i < MOST_HELD; i += 1) line.add(connection())
    const late = connection()
    line.add(late)
    expect(closed).toEqual([late])
    expect(line.length).toBe(MOST_HELD)
    expect(counts).toEqual({ held: MOST_HELD, dropped: 1 })
  })

  it('given up, closes all of them once', () => {
    const all = [connection(), connection()]
    for (const each of all) line.add(each)
    line.giveUpAll()
    line.giveUpAll()
    expect(closed).toEqual(all)
    expect(counts.dropped).toBe(2)
  })
})
