// What to answer when a call fails. Put several in a row for a chain, the last resort outermost.

import type { Call } from '../pipeline/call.ts'
import { DegradedStrategy, type Failure, type Fallback, type FallbackOptions, ValueStrategy } from './answers.ts'
import { type CachedFallback, type CachedOptions, CachedStrategy } from './cached.ts'

export type { Failure, Fallback, FallbackOptions } from './answers.ts'
export type { CachedFallback, CachedOptions } from './cached.ts'

export const fallback = {
  /** The same value for every failure. */
  value<const V, In = unknown>(value: V, options: FallbackOptions<In> = {}): Fallback<In, V> {
    return new ValueStrategy(value, options as FallbackOptions<never>) as unknown as Fallback<In, V>
  },
  /** A function that gets by with less; what it throws is the call's error. */
  degraded<V, In = unknown>(
    fn: (failure: Failure<In>, call: Call) => V | PromiseLike<V>,
    options: FallbackOptions<In> = {},
  ): Fallback<In, V> {
    return new DegradedStrategy(fn, options as FallbackOptions<never>) as unknown as Fallback<In, V>
  },
  /**
   * The last good answer of the same key. Name T to bind the pipeline to the type that is stored. A miss rethrows;
   * undefined, null, 0 and false are hits.
   */
  cached<T = unknown>(options: CachedOptions<T>): CachedFallback<T> {
    return new CachedStrategy(options as CachedOptions<never>) as unknown as CachedFallback<T>
  },
}
