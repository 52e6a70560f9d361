// The circuit itself, as a pure state machine: closed, open until a time, half-open with counted permits.
// What opens it (a window, a budget, a person) is decided by its users: circuitBreaker() and the supervisor's restart gates.

export type Circuit =
  | { readonly status: 'closed' }
  | {
      readonly status: 'open'
      /** Monotonic milliseconds at which a probe may go. */
      readonly until: number
      /** How often it opened since it was last closed; at least 1. Feeds a growing open time. */
      readonly openings: number
    }
  | {
      readonly status: 'half-open'
      readonly openings: number
      /** Probes under way. */
      readonly inFlight: number
      readonly successes: number
      readonly failures: number
    }

export interface CircuitRules {
  /** Milliseconds to stay open the n-th time in a row; n counts from 1. */
  readonly openMs: (openings: number) => number
  /** Probes in half-open, the settled ones included; more than that only where successThreshold needs them. At least 1. */
  readonly halfOpenPermits: number
  /** Successes in half-open that close it; at least 1. It opens again once they are out of reach. */
  readonly successThreshold: number
}

export const closedCircuit: Circuit = { status: 'closed' }

/** Opens it, or opens it again after a failed probe: then for longer, as the rules say. An open circuit stays as it is. */
export function trip(circuit: Circuit, rules: CircuitRules, now: number): Circuit {
  if (circuit.status === 'open') return circuit
  const openings = circuit.status === 'half-open' ? circuit.openings + 1 : 1
  return { status: 'open', until: now + rules.openMs(openings), openings }
}

/** May a call (or a trial worker) go now? An elapsed open turns half-open here: no timer is needed. */
export function admits(circuit: Circuit, rules: CircuitRules, now: number): boolean {
  switch (circuit.status) {
    case 'closed':
      return true
    case 'open':
      return now >= circuit.until
    case 'half-open':
      return circuit.inFlight < rules.halfOpenPermits && probesUsed(circuit) < probesOf(rules)
  }
}

/** Takes a permit; only after `admits` said yes. */
export function acquire(circuit: Circuit): Circuit {
  switch (circuit.status) {
    case 'closed':
      return circuit
    case 'open':
      return { status: 'half-open', openings: circuit.openings, inFlight: 1, successes: 0, failures: 0 }
    case 'half-open':
      return { ...circuit, inFlight: circuit.inFlight + 1 }
  }
}

/** The end of a call begun in half-open. `ignore` only gives the permit back. Ends of calls from older states change nothing. */
export function settle(
  circuit: Circuit,
  verdict: 'success' | 'failure' | 'ignore',
  rules: CircuitRules,
  now: number,
): Circuit {
  if (circuit.status !== 'half-open') return circuit
  const successes = circuit.successes + (verdict === 'success' ? 1 : 0)
  const failures = circuit.failures + (verdict === 'failure' ? 1 : 0)
  if (successes >= rules.successThreshold) return closedCircuit
  if (probesOf(rules) - failures < rules.successThreshold) return trip(circuit, rules, now)
  return { ...circuit, inFlight: Math.max(0, circuit.inFlight - 1), successes, failures }
}

function probesUsed({ inFlight, successes, failures }: Extract<Circuit, { status: 'half-open' }>): number {
  return inFlight + successes + failures
}

function probesOf({ halfOpenPermits, successThreshold }: CircuitRules): number {
  return Math.max(halfOpenPermits, successThreshold)
}
