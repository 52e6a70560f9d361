// A limit that finds itself: how many calls at once a dependency can take, from the latencies seen (limits.ts), or which share
// of calls to hold back, from the failures seen (throttle.ts).

import type { QueueOptions } from '../bulkhead/bulkhead.ts'
import { PermitLayer, type PermitOwner } from '../bulkhead/permit-layer.ts'
import { PermitQueue } from '../bulkhead/permit-queue.ts'
import { refuseAll } from '../bulkhead/seat.ts'
import type { Untold } from '../events.ts'
import type { AdaptiveLimiterMetrics } from '../metrics.ts'
import { COMMON_KEYS, type CommonOptions, checkKeys, functionOption, numberOption, oneOf } from '../options.ts'
import type { Classify } from '../pipeline/call.ts'
import type { Frame } from '../pipeline/frame.ts'
import { type AnyClassify, judge, judgeCut } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { isResilienceError, type RejectionCode, ResilienceError } from '../resilience-error.ts'
import { TimeWindow } from '../time-window.ts'
import { gradient, type Learnt, type LimitRules, type LimitStep, vegas } from './limits.ts'
import { ThrottleLayer } from './throttle.ts'

/** gradient, vegas: Netflix concurrency-limits (20..200). throttle: client-side throttling of the SRE book, ch. 21 (K = 2, 2 min). */
export type AdaptiveLimiterOptions<In = unknown> = CommonOptions & {
  /**
   * gradient, vegas: a failure lowers the limit; by default only a timeout is one, other errors teach nothing.
   * throttle: a failure is a call turned down; by default every error.
   */
  readonly classify?: Classify<In> | undefined
} & (
    | (QueueOptions & {
        readonly algorithm?: 'gradient' | 'vegas' | undefined
        /** Default 20. */
        readonly initialLimit?: number | undefined
        /** Default 1. */
        readonly minLimit?: number | undefined
        /** Default 200. */
        readonly maxLimit?: number | undefined
      })
    | {
        readonly algorithm: 'throttle'
        /** Default 2. */
        readonly multiplier?: number | undefined
        /** Default 120_000. */
        readonly windowMs?: number | undefined
      }
  )

export interface AdaptiveLimiter<in In = unknown> extends Strategy<In> {
  readonly kind: 'adaptiveLimiter'
  /** Calls at once, now; Infinity for throttle. */
  readonly limit: number
  metrics(): AdaptiveLimiterMetrics
}

const OF = 'adaptiveLimiter'
const SHARED_KEYS = [...COMMON_KEYS, 'classify', 'algorithm']
const LIMIT_KEYS = [...SHARED_KEYS, 'initialLimit', 'minLimit', 'maxLimit', 'maxQueuedCalls', 'maxWaitMs']
const THROTTLE_KEYS = [...SHARED_KEYS, 'multiplier', 'windowMs']
const ALGORITHMS = ['gradient', 'vegas', 'throttle'] as const
const CODES: Readonly<Record<'full' | 'wait' | 'disposed' | 'throttled', RejectionCode>> = {
  full: 'RESIL_LIMIT_EXCEEDED',
  wait: 'RESIL_QUEUE_TIMEOUT',
  disposed: 'RESIL_DISPOSED',
  throttled: 'RESIL_THROTTLED',
}

export function adaptiveLimiter<In = unknown>(options: AdaptiveLimiterOptions<In> = {}): AdaptiveLimiter<In> {
  return new AdaptiveLimiterStrategy(options as AdaptiveLimiterOptions<never>) as unknown as AdaptiveLimiter<In>
}

export class AdaptiveLimiterStrategy extends BaseStrategy implements PermitOwner {
  readonly kind = 'adaptiveLimiter'
  readonly classify: AnyClassify
  readonly random: () => number
  readonly permits: PermitQueue
  readonly maxQueuedCalls: number
  readonly maxWaitMs: number
  private readonly layer: (inner: Layer, slot: number) => Layer
  private readonly rules: LimitRules
  private learnt: Learnt
  private acquired = 0
  private rejected = 0

  constructor(options: AdaptiveLimiterOptions<never>) {
    super(OF, options)
    const algorithm = oneOf(OF, 'algorithm', options.algorithm, ALGORITHMS, 'gradient')
    checkKeys(OF, options, algorithm === 'throttle' ? THROTTLE_KEYS : LIMIT_KEYS)
    this.classify = functionOption(OF, 'classify', options.classify)
    this.random = functionOption(OF, 'random', options.random) ?? Math.random
    const limits = options.algorithm === 'throttle' ? {} : options
    const minLimit = numberOption(OF, 'minLimit', limits.minLimit, 1, { min: 1, integer: true })
    const maxLimit = numberOption(OF, 'maxLimit', limits.maxLimit, Math.max(200, minLimit), {
      min: minLimit,
      integer: true,
    })
    const usual = Math.min(maxLimit, Math.max(minLimit, 20))
    const limit = numberOption(OF, 'initialLimit', limits.initialLimit, usual, {
      min: minLimit,
      max: maxLimit,
      integer: true,
    })
    this.rules = { minLimit, maxLimit }
    this.learnt = { limit, baseMs: 0, samples: 0 }
    this.maxQueuedCalls = numberOption(OF, 'maxQueuedCalls', limits.maxQueuedCalls, 0, { min: 0 })
    this.maxWaitMs = numberOption(OF, 'maxWaitMs', limits.maxWaitMs, 1000, { min: 0 })
    if (options.algorithm === 'throttle') {
      const multiplier = numberOption(OF, 'multiplier', options.multiplier, 2, { min: 1 })
      const windowMs = numberOption(OF, 'windowMs', options.windowMs, 120_000, { above: 0, max: 86_400_000 })
      const tried = new TimeWindow(windowMs, ['requests', 'accepts'])
      this.permits = new PermitQueue(Number.POSITIVE_INFINITY)
      this.layer = (inner, slot) => new ThrottleLayer(this, tried, multiplier, inner, slot)
    } else {
      this.permits = new PermitQueue(limit)
      const step = algorithm === 'vegas' ? vegas : gradient
      this.layer = (inner, slot) => new AdaptiveLayer(this, step, inner, slot)
    }
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return this.layer(inner, slots.used++)
  }

  get limit(): number {
    return this.permits.limit
  }

  learn(step: LimitStep, durationMs: number, inFlight: number, dropped: boolean): void {
    this.learnt = step(this.learnt, { durationMs, inFlight, dropped }, this.rules)
    const from = this.permits.limit
    const to = Math.floor(this.learnt.limit)
    if (to === from || this.disposed) return
    this.permits.limit = to
    this.tell({ type: 'adaptiveLimiter.changed', from, to } as Untold)
  }

  override dispose(): void {
    if (this.disposed) return
    super.dispose()
    refuseAll(this.permits)
    this.permits.limit = 0
  }

  metrics(): AdaptiveLimiterMetrics {
    const { acquired, rejected } = this
    const { limit, inUse, waiting } = this.permits
    return { limit, inFlight: inUse, queued: waiting, acquired, rejected }
  }

  onAcquired(): void {
    this.acquired += 1
  }

  onAborted(): void {}

  refusal(cause: keyof typeof CODES): ResilienceError {
    if (cause !== 'disposed') {
      this.rejected += 1
      this.tell({ type: 'adaptiveLimiter.rejected' } as Untold)
    }
    return new ResilienceError(CODES[cause], { strategy: OF, strategyName: this.name })
  }
}

/** A permit, and a sample of what it was used for. Its time is the start, its slot is PermitLayer's. */
class AdaptiveLayer extends PermitLayer {
  private readonly limiter: AdaptiveLimiterStrategy
  private readonly step: LimitStep

  constructor(limiter: AdaptiveLimiterStrategy, step: LimitStep, inner: Layer, slot: number) {
    super(limiter, inner, slot)
    this.limiter = limiter
    this.step = step
  }

  protected override begin(frame: Frame): void {
    frame.times[this.slot] = this.limiter.clock.now()
    this.inner.enter(frame)
  }

  override leave(frame: Frame): void {
    const { classify } = this.limiter
    if (classify !== undefined) {
      const verdict = judge(frame, classify, this.durationMs(frame))
      if (verdict !== 'ignore') this.learn(frame, verdict === 'failure')
    } else if (frame.ok) this.learn(frame, false)
    else if (isResilienceError(frame.value, 'RESIL_TIMEOUT')) this.learn(frame, true)
    super.leave(frame)
  }

  override cut(frame: Frame): void {
    if (judgeCut(frame) === 'failure') this.learn(frame, true)
    super.cut(frame)
  }

  private learn(frame: Frame, dropped: boolean): void {
    this.limiter.learn(this.step, this.durationMs(frame), this.limiter.permits.inUse, dropped)
  }

  private durationMs(frame: Frame): number {
    return this.limiter.clock.now() - (frame.times[this.slot] ?? 0)
  }
}
