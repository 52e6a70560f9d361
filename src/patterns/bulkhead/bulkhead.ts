// At most so many calls at once to one dependency, so that a slow one cannot take all there is. Queueing is in
// permit-queue.ts, giving back in permit-layer.ts.

import type { Untold } from '../events.ts'
import type { BulkheadMetrics, ScopeMetrics } from '../metrics.ts'
import {
  COMMON_KEYS,
  type CommonOptions,
  checkClassicKeys,
  checkKeys,
  checkObject,
  numberOption,
  SCOPE_KEYS,
  type ScopeOptions,
} from '../options.ts'
import type { CallOptions } from '../pipeline/call.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { offAbort, onAbort } from '../pipeline/on-abort.ts'
import { BaseStrategy, type Strategy, wrongPriority } from '../pipeline/strategy.ts'
import { type RejectionCode, ResilienceError } from '../resilience-error.ts'
import { scopeOf } from '../scope.ts'
import { tellSupervisor } from '../supervised.ts'
import { PermitLayer, type PermitOwner } from './permit-layer.ts'
import { PermitQueue } from './permit-queue.ts'
import { refuseAll, Seat } from './seat.ts'

export interface QueueOptions {
  /** Default 0: reject at once (Polly, cockatiel). */
  readonly maxQueuedCalls?: number | undefined
  /** Longest wait in the queue. Default 1_000; the deadline if that is nearer. */
  readonly maxWaitMs?: number | undefined
}

export interface BulkheadOptions extends CommonOptions, QueueOptions {
  /** Default 10 (the classic). */
  readonly maxConcurrentCalls?: number | undefined
  readonly maxConcurrent?: undefined
}

/** The guide's own spelling, a closed shape. */
export interface ClassicBulkheadOptions {
  readonly name?: string | undefined
  readonly maxConcurrent: number
  readonly maxQueue?: number | undefined
}

export interface Permit {
  /** Idempotent. */
  release(): void
}

/** A permit is held until every action begun under it has settled, also those that a timeout abandoned. FIFO within a priority. */
export interface Bulkhead extends Strategy {
  readonly kind: 'bulkhead'
  tryAcquire(): Permit | undefined
  acquire(options?: Pick<CallOptions, 'signal' | 'priority'>): Promise<Permit>
  metrics(): BulkheadMetrics
}

const OF = 'bulkhead'
const KEYS = [...COMMON_KEYS, ...SCOPE_KEYS, 'maxConcurrentCalls', 'maxQueuedCalls', 'maxWaitMs']
const CLASSIC_KEYS = ['name', 'maxConcurrent', 'maxQueue']
const CODES: Readonly<Record<'full' | 'wait' | 'disposed', RejectionCode>> = {
  full: 'RESIL_BULKHEAD_FULL',
  wait: 'RESIL_QUEUE_TIMEOUT',
  disposed: 'RESIL_DISPOSED',
}

export function bulkhead(options: (BulkheadOptions & ScopeOptions) | ClassicBulkheadOptions = {}): Bulkhead {
  return new BulkheadStrategy(modernBulkhead(options)) as unknown as Bulkhead
}

/** The classic spelling in today's words. */
export function modernBulkhead(
  options: (BulkheadOptions & ScopeOptions) | ClassicBulkheadOptions,
): BulkheadOptions & ScopeOptions {
  checkObject(OF, options)
  return options.maxConcurrent === undefined ? options : fromClassic(options)
}

function fromClassic(options: ClassicBulkheadOptions): BulkheadOptions {
  checkClassicKeys(OF, options, CLASSIC_KEYS, KEYS, 'maxConcurrentCalls and maxQueuedCalls instead')
  const { name, maxConcurrent, maxQueue } = options
  return {
    name,
    maxConcurrentCalls: numberOption(OF, 'maxConcurrent', maxConcurrent, 10, { min: 1, integer: true }),
    maxQueuedCalls: numberOption(OF, 'maxQueue', maxQueue, 0, { min: 0 }),
  }
}

class BulkheadStrategy extends BaseStrategy implements PermitOwner {
  readonly kind = 'bulkhead'
  readonly permits: PermitQueue
  readonly maxQueuedCalls: number
  readonly maxWaitMs: number
  private readonly scope: ScopeMetrics
  private acquired = 0
  private rejectedFull = 0
  private rejectedWait = 0
  private aborted = 0

  constructor(options: BulkheadOptions & ScopeOptions) {
    super(OF, options)
    checkKeys(OF, options, KEYS)
    this.permits = new PermitQueue(
      numberOption(OF, 'maxConcurrentCalls', options.maxConcurrentCalls, 10, { min: 1, integer: true }),
    )
    this.maxQueuedCalls = numberOption(OF, 'maxQueuedCalls', options.maxQueuedCalls, 0, { min: 0 })
    this.maxWaitMs = numberOption(OF, 'maxWaitMs', options.maxWaitMs, 1000, { min: 0 })
    this.scope = scopeOf(OF, options)
    if (options.name !== undefined) tellSupervisor(this)
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new PermitLayer(this, inner, slots.used++)
  }

  tryAcquire(): Permit | undefined {
    if (this.disposed || !this.permits.tryTake()) return undefined
    this.onAcquired()
    return this.permit()
  }

  async acquire({ signal, priority = 0 }: Pick<CallOptions, 'signal' | 'priority'> = {}): Promise<Permit> {
    signal?.throwIfAborted()
    const wrong = wrongPriority(priority)
    if (wrong !== undefined) throw wrong
    const permit = this.tryAcquire()
    if (permit !== undefined) return permit
    if (this.disposed) throw this.refusal('disposed')
    if (this.permits.waiting >= this.maxQueuedCalls) throw this.refusal('full')
    return this.queue(signal, priority)
  }

  override dispose(): void {
    if (this.disposed) return
    super.dispose()
    refuseAll(this.permits)
    this.permits.limit = 0
  }

  metrics(): BulkheadMetrics {
    const { acquired, rejectedFull, rejectedWait, aborted, scope } = this
    const { limit, inUse, waiting } = this.permits
    return { limit, inFlight: inUse, queued: waiting, acquired, rejectedFull, rejectedWait, aborted, scope }
  }

  onAcquired(): void {
    this.acquired += 1
  }

  onAborted(): void {
    this.aborted += 1
  }

  refusal(cause: 'full' | 'wait' | 'disposed'): ResilienceError {
    if (cause === 'full') this.rejectedFull += 1
    if (cause === 'wait') this.rejectedWait += 1
    if (cause !== 'disposed') this.tell({ type: 'bulkhead.rejected', cause } as Untold)
    return new ResilienceError(CODES[cause], { strategy: OF, strategyName: this.name })
  }

  private permit(): Permit {
    let held = true
    return {
      release: () => {
        if (held) this.permits.giveBack()
        held = false
      },
    }
  }

  private queue(signal: AbortSignal | undefined, priority: number): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (seat.giveUp()) this.permits.giveBack()
        this.aborted += 1
        reject(signal?.reason)
      }
      const seat = new Seat(this.permits, this.clock, this.maxWaitMs, priority, {
        onPermit: () => {
          if (signal !== undefined) offAbort(signal, leave)
          this.onAcquired()
          resolve(this.permit())
        },
        onRefused: (cause) => {
          if (signal !== undefined) offAbort(signal, leave)
          reject(this.refusal(cause))
        },
      })
      if (signal !== undefined) onAbort(signal, leave)
    })
  }
}
