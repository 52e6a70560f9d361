// Restart gates: circuit breakers over restarts, one per slot and one per app, made of the library's own circuit.
// Open: one trial worker at a time, 30 s apart growing to 5 min. A trial that stays stable closes the gate.

import type { OnExhausted } from '../config/settings.ts'
import { acquire, admits, type Circuit, type CircuitRules, settle, trip } from '../patterns/circuit-breaker/circuit.ts'

const FIRST_TRIAL_MS = 30_000
const SLOWEST_TRIAL_MS = 300_000

const probing: CircuitRules = {
  openMs: (openings) => Math.min(SLOWEST_TRIAL_MS, FIRST_TRIAL_MS * 2 ** Math.min(openings - 1, 10)),
  halfOpenPermits: 1,
  successThreshold: 1,
}

/** `hold` never tries by itself: only a person's restart or reload closes such a gate. */
const holding: CircuitRules = { ...probing, openMs: () => Number.POSITIVE_INFINITY }

function rulesOf(onExhausted: OnExhausted): CircuitRules {
  return onExhausted === 'hold' ? holding : probing
}

export function openGate(gate: Circuit, onExhausted: OnExhausted, now: number): Circuit {
  return trip(gate, rulesOf(onExhausted), now)
}

export function gateAdmits(gate: Circuit, now: number): boolean {
  return admits(gate, probing, now)
}

/** Takes the trial's permit where the gate is not closed. */
export function enterGate(gate: Circuit): Circuit {
  return acquire(gate)
}

/** How the trial behind the gate went. `abandoned`: it was stopped on purpose, so nothing was learnt. */
export function settleTrial(
  gate: Circuit,
  outcome: 'stable' | 'crashed' | 'abandoned',
  onExhausted: OnExhausted,
  now: number,
): Circuit {
  const verdict = outcome === 'stable' ? 'success' : outcome === 'crashed' ? 'failure' : 'ignore'
  return settle(gate, verdict, rulesOf(onExhausted), now)
}

/** When a gate may admit again; Infinity: not by time alone. */
export function gateOpensAt(gate: Circuit): number {
  switch (gate.status) {
    case 'closed':
      return 0
    case 'open':
      return gate.until
    case 'half-open':
      return gate.inFlight === 0 ? 0 : Number.POSITIVE_INFINITY
  }
}
