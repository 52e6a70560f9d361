// A breaker's state as plain data, to be carried over a restart. Ages, not instants: a snapshot outlives its clock.

import { show } from '../options.ts'
import { type Circuit, closedCircuit } from './circuit.ts'

export type BreakerState = 'closed' | 'open' | 'half-open' | 'forced-open' | 'disabled'

export interface BreakerSnapshot {
  readonly version: 1
  readonly state: BreakerState
  /** How much longer it stays open; 0 unless open. */
  readonly remainingOpenMs: number
  /** How often it opened since it was last closed. */
  readonly openings: number
  readonly consecutiveFailures: number
}

/** A circuit that was half-open starts with its probes anew: those of the other process are not known here. */
export function restoreCircuit(snapshot: BreakerSnapshot | undefined, now: number): Circuit {
  if (snapshot?.state !== 'open' && snapshot?.state !== 'half-open') return closedCircuit
  return { status: 'open', until: now + snapshot.remainingOpenMs, openings: Math.max(1, snapshot.openings) }
}

export function checkSnapshot(snapshot: BreakerSnapshot | undefined): BreakerSnapshot | undefined {
  if (snapshot === undefined) return undefined
  if (typeof snapshot !== 'object' || snapshot === null) {
    throw new TypeError(`circuitBreaker: restore must be a snapshot() of a breaker, got ${show(snapshot)}`)
  }
  const { version, state, remainingOpenMs, openings, consecutiveFailures } = snapshot
  if (version !== 1)
    throw new RangeError(`circuitBreaker: restore is of version ${show(version)}, this library reads 1`)
  const counts = [remainingOpenMs, openings, consecutiveFailures].every((n) => typeof n === 'number' && n >= 0)
  if (!STATES.includes(state) || !counts)
    throw new TypeError('circuitBreaker: restore is not a snapshot() of a breaker')
  return snapshot
}

const STATES: readonly string[] = ['closed', 'open', 'half-open', 'forced-open', 'disabled']
