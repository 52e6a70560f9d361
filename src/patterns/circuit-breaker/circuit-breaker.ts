// Stops calling what keeps failing: what a caller sees of a circuit breaker. How it works is breaker-strategy.ts.

import type { BreakerMetrics } from '../metrics.ts'
import type { Strategy } from '../pipeline/strategy.ts'
import { BreakerStrategy } from './breaker-strategy.ts'
import { type CircuitBreakerOptions, type ClassicBreakerOptions, modernBreaker } from './options.ts'
import type { BreakerPermit } from './permit.ts'
import type { BreakerSnapshot, BreakerState } from './snapshot.ts'

export interface CircuitBreaker<in In = unknown> extends Strategy<In> {
  readonly kind: 'circuitBreaker'
  /** Computed when read: an elapsed open reads 'half-open' though no timer ran. */
  readonly state: BreakerState
  tryAcquire(): BreakerPermit | undefined
  /** Forced open until close(). */
  open(): void
  /** Closed with an empty window, whatever went before. */
  close(): void
  /** Measures, never rejects, until close(). */
  disable(): void
  snapshot(): BreakerSnapshot
  metrics(): BreakerMetrics
}

export function circuitBreaker<In = unknown>(
  options: CircuitBreakerOptions<In> | ClassicBreakerOptions = {},
): CircuitBreaker<In> {
  return new BreakerStrategy(modernBreaker(options) as CircuitBreakerOptions<never>) as unknown as CircuitBreaker<In>
}
