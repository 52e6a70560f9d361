// What a call is given that the breaker lets through, and gives back with its verdict. Who gets one is circuit.ts's to say.

import type { Verdict } from '../pipeline/call.ts'

/** The manual way in, for streams and callbacks. The first settle counts. */
export interface BreakerPermit {
  settle(verdict: Verdict, durationMs?: number): void
}

/** A call let through in half-open. */
export class Probe {
  readonly epoch: number
  readonly expiresAt: number

  constructor(epoch: number, expiresAt: number) {
    this.epoch = epoch
    this.expiresAt = expiresAt
  }
}

/** What a call began in: the epoch alone where it is no probe. */
export type Ticket = number | Probe
