// The last good answer: served without a call while it is fresh, and in place of a failure while it is not too stale.
// Concurrent calls of a key share one flight. Only successes are kept, and no rejection ever is.

import type { Untold } from '../events.ts'
import { Lru } from '../lru.ts'
import type { FallbackMetrics } from '../metrics.ts'
import { booleanOption, COMMON_KEYS, checkKeys, functionOption, numberOption, show } from '../options.ts'
import type { Call } from '../pipeline/call.ts'
import type { AnyClassify } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import type { FallbackOptions } from './answers.ts'
import { CachedLayer, type Flight, type Solo } from './cached-layer.ts'

export interface CachedOptions<T> extends FallbackOptions<T> {
  /** Required: a default key would hand one user's answer to another. */
  readonly key: string | ((call: Call) => string)
  /** Younger than this is served without a call. Default 0: always call. */
  readonly ttlMs?: number | undefined
  /** Served on failure up to this age (stale-if-error, RFC 5861). Default 300_000. */
  readonly maxStaleMs?: number | undefined
  /** Default 1_000, the least recent goes. */
  readonly maxEntries?: number | undefined
  /** Concurrent calls of a key share one; it is aborted when the last caller leaves. Default true. */
  readonly singleFlight?: boolean | undefined
}

export interface CachedFallback<in T> extends Strategy<T> {
  readonly kind: 'fallback'
  /** Forgets it, and the answer of a call that is on its way: that is given to those who wait for it, and to nobody who asks later. */
  delete(key: string): boolean
  clear(): void
  metrics(): FallbackMetrics
}

/** In a box: undefined is a hit like any other value. */
export interface Entry {
  readonly value: unknown
  readonly at: number
}

const OF = 'fallback.cached'
const KEYS = [...COMMON_KEYS, 'classify', 'key', 'ttlMs', 'maxStaleMs', 'maxEntries', 'singleFlight']

export class CachedStrategy extends BaseStrategy {
  readonly kind = 'fallback'
  readonly classify: AnyClassify
  readonly key: string | ((call: Call) => string)
  readonly singleFlight: boolean
  private readonly ttlMs: number
  private readonly maxStaleMs: number
  private readonly entries: Lru<Entry>
  /** Under way, in all pipelines. */
  readonly flights = new Set<Flight>()
  readonly solos = new Set<Solo>()
  calls = 0
  private served = 0
  private fresh = 0
  private misses = 0

  constructor(options: CachedOptions<never>) {
    super('fallback', options)
    checkKeys(OF, options, KEYS)
    if (typeof options.key !== 'string' && typeof options.key !== 'function') {
      throw new TypeError(
        `${OF}: key must be a string or a function of the call, got ${show(options.key)}; one key for all would mix up answers`,
      )
    }
    this.key = options.key
    this.classify = functionOption(OF, 'classify', options.classify)
    this.singleFlight = booleanOption(OF, 'singleFlight', options.singleFlight, true)
    this.ttlMs = numberOption(OF, 'ttlMs', options.ttlMs, 0, { min: 0 })
    this.maxStaleMs = numberOption(OF, 'maxStaleMs', options.maxStaleMs, 300_000, { min: 0 })
    this.entries = new Lru(numberOption(OF, 'maxEntries', options.maxEntries, 1000, { min: 1, integer: true }))
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new CachedLayer(this, inner, slots.used++)
  }

  freshEntry(key: string): Entry | undefined {
    if (this.ttlMs === 0) return undefined
    const entry = this.entries.get(key)
    if (entry === undefined || this.clock.now() - entry.at >= this.ttlMs) return undefined
    this.fresh += 1
    return entry
  }

  staleEntry(key: string, error: unknown): Entry | undefined {
    const entry = this.entries.get(key)
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.clock.now() - entry.at
    if (entry === undefined || ageMs > this.maxStaleMs) {
      this.misses += 1
      return undefined
    }
    this.served += 1
    this.tell({ type: 'fallback.served', source: 'cached', ageMs, ...(error === undefined ? {} : { error }) } as Untold)
    return entry
  }

  store(key: string, value: unknown): void {
    this.entries.set(key, { value, at: this.clock.now() })
  }

  delete(key: string): boolean {
    for (const call of this.underWay()) if (call.key === key) call.forget()
    return this.entries.delete(key)
  }

  clear(): void {
    for (const call of this.underWay()) call.forget()
    this.entries.clear()
  }

  private underWay(): readonly (Flight | Solo)[] {
    return [...this.flights, ...this.solos]
  }

  metrics(): FallbackMetrics {
    const { calls, served, fresh, misses } = this
    return { calls, served, fresh, misses, entries: this.entries.size }
  }
}
