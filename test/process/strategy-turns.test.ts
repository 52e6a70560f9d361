import { describe, expect, test } from 'vitest'
import type { StrategyEvent } from '../../src/events/family/strategy.ts'
import type { LiveSample } from '../../src/process/strategies.ts'
import { watchStrategyTurns } from '../../src/process/strategy-turns.ts'
import type { BreakerState } from '../../src/protocol/strategy-sample.ts'
import { fakeClock } from '../support/fake-clock.ts'

const breaker = (state: BreakerState, name = 'db'): LiveSample => ({
  id: 1,
  kind: 'circuitBreaker',
  name,
  state,
  calls: 1,
  failures: 1,
  rejected: 0,
})
const faults = (injected: number, name = 'db', id = 2): LiveSample => ({ id, kind: 'chaos', name, injected })

/** Each number of `workers` is the id of one that lives. */
function watched() {
  const clock = fakeClock()
  const told: StrategyEvent[] = []
  const turns = watchStrategyTurns({ clock, publish: (event) => void told.push(event) })
  return {
    clock,
    turns,
    look: (workers: Readonly<Record<number, readonly LiveSample[]>>, app = 'web') => {
      const list = Object.entries(workers).map(([id, strategies]) => ({ id: Number(id), strategies }))
      turns.look(app, list)
      return told.splice(0)
    },
    told: () => told.splice(0),
  }
}

const opened = (openIn: number, workers: number, name = 'db') => ({
  type: 'breaker.opened',
  app: 'web',
  name,
  openIn,
  workers,
})
const closed = { type: 'breaker.closed', app: 'web', name: 'db' }

describe('a breaker', () => {
  test('opens once for all workers, and closes when it is open in none', () => {
    const { look } = watched()
    expect(look({ 1: [breaker('closed')], 2: [breaker('closed')] })).toEqual([])
    expect(look({ 1: [breaker('open')], 2: [breaker('closed')] })).toEqual([opened(1, 2)])
    expect(look({ 1: [breaker('open')], 2: [breaker('open')] })).toEqual([])
    expect(look({ 1: [breaker('closed')], 2: [breaker('open')] })).toEqual([])
    expect(look({ 1: [breaker('closed')], 2: [breaker('closed')] })).toEqual([closed])
    expect(look({ 1: [breaker('open')], 2: [breaker('closed')] })).toEqual([opened(1, 2)])
  })

  test('that tries a call has not closed, and does not open again when that fails', () => {
    const { look } = watched()
    look({ 1: [breaker('open')] })
    expect(look({ 1: [breaker('half-open')] })).toEqual([])
    expect(look({ 1: [breaker('open')] })).toEqual([])
    expect(look({ 1: [breaker('half-open')] })).toEqual([])
    expect(look({ 1: [breaker('closed')] })).toEqual([closed])
  })

  test('that is half-open from the start has not opened', () => {
    expect(watched().look({ 1: [breaker('half-open')] })).toEqual([])
  })

  test('that somebody forces open is open, and one that is disabled is not', () => {
    const { look } = watched()
    expect(look({ 1: [breaker('forced-open')] })).toEqual([opened(1, 1)])
    expect(look({ 1: [breaker('disabled')] })).toEqual([closed])
  })

  test('is open no more when its workers are gone', () => {
    const { look } = watched()
    look({ 1: [breaker('open')], 2: [] })
    expect(look({ 2: [] })).toEqual([closed])
    expect(look({})).toEqual([])
  })

  test('is told by its name and its app', () => {
    const { look } = watched()
    expect(look({ 1: [breaker('open', 'a'), breaker('open', 'b')] })).toEqual([opened(1, 1, 'a'), opened(1, 1, 'b')])
    expect(look({ 2: [breaker('open', 'a')] }, 'api')).toEqual([{ ...opened(1, 1, 'a'), app: 'api' }])
  })
})

describe('chaos', () => {
  const injecting = (injected: number) => ({ type: 'chaos.injecting', app: 'web', name: 'db', injected })

  test('begins with the first fault in any worker, and has ended after a minute without', () => {
    const { look, told, clock } = watched()
    expect(look({ 1: [faults(3)], 2: [faults(1)] })).toEqual([injecting(4)])
    clock.advance(40_000)
    expect(look({ 1: [faults(3)], 2: [faults(2)] })).toEqual([])
    clock.advance(59_999)
    expect(told()).toEqual([])
    clock.advance(1)
    expect(told()).toEqual([{ type: 'chaos.ended', app: 'web', name: 'db', injected: 5, quietMs: 60_000 }])
    expect(clock.pending).toBe(0)
    expect(look({ 1: [faults(4)], 2: [faults(2)] })).toEqual([injecting(1)])
  })

  test('of a worker that is told of again has not moved', () => {
    const { look, told, clock } = watched()
    look({ 1: [faults(3)] })
    clock.advance(30_000)
    look({ 1: [faults(3)] })
    clock.advance(30_000)
    expect(told()).toMatchObject([{ type: 'chaos.ended', injected: 3 }])
  })

  test('goes on in the worker that replaces another', () => {
    const { look, told, clock } = watched()
    look({ 1: [faults(3)] })
    clock.advance(50_000)
    expect(look({})).toEqual([])
    expect(look({ 2: [faults(1)] })).toEqual([])
    clock.advance(59_999)
    expect(told()).toEqual([])
    clock.advance(1)
    expect(told()).toMatchObject([{ type: 'chaos.ended', injected: 4 }])
  })

  test('of one name ends while another goes on', () => {
    const { look, told, clock } = watched()
    look({ 1: [faults(1, 'db', 1), faults(1, 'mail', 2)] })
    clock.advance(30_000)
    look({ 1: [faults(1, 'db', 1), faults(2, 'mail', 2)] })
    clock.advance(30_000)
    expect(told()).toMatchObject([{ type: 'chaos.ended', name: 'db' }])
    clock.advance(30_000)
    expect(told()).toMatchObject([{ type: 'chaos.ended', name: 'mail' }])
  })

  test('leaves no timer behind when it is closed', () => {
    const { look, turns, clock } = watched()
    look({ 1: [faults(1)] })
    turns.close()
    expect(clock.pending).toBe(0)
  })
})
