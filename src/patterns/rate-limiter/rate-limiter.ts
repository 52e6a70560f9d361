// At most so many calls in a time, for a quota that somebody else counts. The schedule is in gcra.ts, queues in lane.ts.

import type { QueueOptions } from '../bulkhead/bulkhead.ts'
import { refuseAll } from '../bulkhead/seat.ts'
import type { Untold } from '../events.ts'
import { Lru } from '../lru.ts'
import type { RateLimiterMetrics, ScopeMetrics } from '../metrics.ts'
import {
  COMMON_KEYS,
  type CommonOptions,
  checkKeys,
  functionOption,
  numberOption,
  SCOPE_KEYS,
  type ScopeOptions,
} from '../options.ts'
import type { Call } from '../pipeline/call.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { ResilienceError } from '../resilience-error.ts'
import { scopeOf } from '../scope.ts'
import type { Rate } from './gcra.ts'
import { Lane } from './lane.ts'
import { RateLayer } from './rate-layer.ts'

export interface RateLimiterOptions extends CommonOptions, QueueOptions {
  /** Calls per period, spaced by GCRA. No default: only you know the quota. */
  readonly limit: number
  /** Default 1_000. */
  readonly periodMs?: number | undefined
  /** Most at once after idleness. Default limit. */
  readonly burst?: number | undefined
  /** A limit for each key. */
  readonly key?: ((call: Call) => string) | undefined
  /** Keys remembered; the least recent goes. Default 10_000. */
  readonly maxKeys?: number | undefined
}

export interface RateLimiter extends Strategy {
  readonly kind: 'rateLimiter'
  tryAcquire(key?: string): boolean
  metrics(): RateLimiterMetrics
}

const OF = 'rateLimiter'
const KEYS = [
  ...COMMON_KEYS,
  ...SCOPE_KEYS,
  'limit',
  'periodMs',
  'burst',
  'key',
  'maxKeys',
  'maxQueuedCalls',
  'maxWaitMs',
]

export function rateLimiter(options: RateLimiterOptions & ScopeOptions): RateLimiter {
  return new RateLimiterStrategy(options) as unknown as RateLimiter
}

export class RateLimiterStrategy extends BaseStrategy {
  readonly kind = 'rateLimiter'
  readonly key: ((call: Call) => string) | undefined
  readonly maxQueuedCalls: number
  readonly maxWaitMs: number
  private readonly burst: number
  private readonly rate: Rate
  private readonly lanes: Lru<Lane>
  private readonly scope: ScopeMetrics
  acquired = 0
  private rejected = 0

  constructor(options: RateLimiterOptions & ScopeOptions) {
    super(OF, options)
    checkKeys(OF, options, KEYS)
    if (options.limit === undefined) throw new TypeError(`${OF}: limit is required: only you know the quota`)
    const limit = numberOption(OF, 'limit', options.limit, 0, { above: 0, max: 1e9 })
    const intervalMs = numberOption(OF, 'periodMs', options.periodMs, 1000, { above: 0, max: 86_400_000 }) / limit
    this.burst = numberOption(OF, 'burst', options.burst, Math.max(1, Math.floor(limit)), {
      min: 1,
      max: 1e9,
      integer: true,
    })
    this.rate = { intervalMs, toleranceMs: (this.burst - 1) * intervalMs }
    this.key = functionOption(OF, 'key', options.key)
    this.maxQueuedCalls = numberOption(OF, 'maxQueuedCalls', options.maxQueuedCalls, 0, { min: 0 })
    this.maxWaitMs = numberOption(OF, 'maxWaitMs', options.maxWaitMs, 1000, { min: 0 })
    this.lanes = new Lru(numberOption(OF, 'maxKeys', options.maxKeys, 10_000, { min: 1, integer: true }))
    this.scope = scopeOf(OF, options)
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new RateLayer(this, inner, slots.used++)
  }

  tryAcquire(key = ''): boolean {
    if (this.disposed || !this.lane(key).tryTake()) return false
    this.acquired += 1
    return true
  }

  /** A key that is forgotten starts with a full burst: only one that waits for nobody may be. */
  lane(key: string): Lane {
    const known = this.lanes.get(key)
    if (known !== undefined) return known
    const lane = new Lane(this.rate, this.clock)
    this.lanes.set(key, lane, (other) => other.queue.waiting === 0)
    return lane
  }

  refusal(lane: Lane, cause: 'full' | 'wait' | 'disposed'): ResilienceError {
    const fields = { strategy: this.kind, strategyName: this.name } as const
    if (cause === 'disposed') return new ResilienceError('RESIL_DISPOSED', fields)
    this.rejected += 1
    const retryAfterMs = lane.waitMs()
    this.tell({ type: 'rateLimiter.rejected', retryAfterMs } as Untold)
    return new ResilienceError(cause === 'wait' ? 'RESIL_QUEUE_TIMEOUT' : 'RESIL_RATE_LIMITED', {
      ...fields,
      retryAfterMs,
    })
  }

  override dispose(): void {
    super.dispose()
    for (const [, lane] of this.lanes) {
      refuseAll(lane.queue)
      lane.attend()
    }
  }

  metrics(): RateLimiterMetrics {
    const { acquired, rejected, scope } = this
    const lanes = [...this.lanes].map(([, lane]) => lane)
    // Not by Math.max(...), which takes some hundred thousand arguments at most.
    const available = lanes.reduce(
      (most, lane) => Math.max(most, lane.available()),
      lanes.length === 0 ? this.burst : 0,
    )
    const queued = lanes.reduce((sum, lane) => sum + lane.queue.waiting, 0)
    return { available, acquired, rejected, queued, keys: lanes.length, scope }
  }
}
