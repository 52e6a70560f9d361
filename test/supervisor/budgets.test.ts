import { describe, expect, it } from 'vitest'
import { closedCircuit } from '../../src/patterns/circuit-breaker/circuit.ts'
import { recordCrash, windowExceeded } from '../../src/supervisor/crash-window.ts'
import { enterGate, gateAdmits, gateOpensAt, openGate, settleTrial } from '../../src/supervisor/restart-gate.ts'
import { addCrash, emptyStorm, scoreAt, stormLimit } from '../../src/supervisor/storm-budget.ts'

describe('crash window', () => {
  it('opens at the crash after maxRestarts within the window, and not one sooner', () => {
    let crashes: number[] = []
    for (let i = 0; i < 5; i += 1) crashes = recordCrash(crashes, 60_000, i * 1_000)
    expect(windowExceeded(crashes, 5)).toBe(false)
    expect(windowExceeded(recordCrash(crashes, 60_000, 5_000), 5)).toBe(true)
  })

  it('slides: a crash leaves it exactly when it is as old as the window', () => {
    expect(recordCrash([0, 1], 60_000, 60_000)).toEqual([1, 60_000])
  })

  it('holds no more than the window sees, however long the supervisor lives', () => {
    let crashes: number[] = []
    for (let at = 0; at < 10_000_000; at += 30_000) crashes = recordCrash(crashes, 60_000, at)
    expect(crashes).toHaveLength(2)
  })
})

describe('storm budget', () => {
  it('halves each half-life', () => {
    const storm = addCrash(addCrash(emptyStorm, 60_000, 0), 60_000, 0)
    expect(scoreAt(storm, 60_000, 60_000)).toBeCloseTo(1)
    expect(scoreAt(storm, 60_000, 180_000)).toBeCloseTo(0.25)
  })

  it.each([
    ['auto', 1, 5],
    ['auto', 4, 8],
    [3, 16, 3],
  ] as const)('limit %s with %i instances is %i', (max, instances, expected) => {
    expect(stormLimit(max, instances)).toBe(expected)
  })
})

describe('restart gate', () => {
  it('tries 30 s after it opened, and twice as late after each failed trial, up to 5 min', () => {
    let gate = closedCircuit
    let now = 0
    const waits: number[] = []
    for (let trial = 0; trial < 6; trial += 1) {
      gate = trial === 0 ? openGate(gate, 'probe', now) : settleTrial(gate, 'crashed', 'probe', now)
      waits.push(gateOpensAt(gate) - now)
      now = gateOpensAt(gate)
      expect(gateAdmits(gate, now - 1)).toBe(false)
      expect(gateAdmits(gate, now)).toBe(true)
      gate = enterGate(gate)
      expect(gateAdmits(gate, now)).toBe(false)
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
  })

  it('closes after one stable trial, and starts over with 30 s if it opens again', () => {
    const open = openGate(closedCircuit, 'probe', 0)
    const closed = settleTrial(enterGate(open), 'stable', 'probe', 100_000)
    expect(closed).toEqual(closedCircuit)
    expect(gateOpensAt(openGate(closed, 'probe', 100_000))).toBe(130_000)
  })

  it('gives the permit of an abandoned trial back without a verdict', () => {
    const half = settleTrial(enterGate(openGate(closedCircuit, 'probe', 0)), 'abandoned', 'probe', 1)
    expect(gateAdmits(half, 1)).toBe(true)
  })

  it('never tries by itself under hold', () => {
    expect(gateAdmits(openGate(closedCircuit, 'hold', 0), Number.MAX_SAFE_INTEGER)).toBe(false)
  })
})
