// Tries again what failed for a passing reason. Giving up gives back the last result or throws the last error itself; why it
// gave up is in the event.

import type { Untold } from '../events.ts'
import type { RetryMetrics } from '../metrics.ts'
import {
  booleanOption,
  COMMON_KEYS,
  type CommonOptions,
  checkKeys,
  checkObject,
  functionOption,
  numberOption,
} from '../options.ts'
import type { Classify, Outcome } from '../pipeline/call.ts'
import type { Frame } from '../pipeline/frame.ts'
import { type AnyClassify, judge, outcomeOf } from '../pipeline/judge.ts'
import { LAYER, Layer, type Slots } from '../pipeline/layer.ts'
import { pause } from '../pipeline/pause.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { isResilienceError } from '../resilience-error.ts'
import { DeadlineLayer, Deadlines } from '../timeout/deadline-layer.ts'
import { type Backoff, backoffOption, exponentialBackoff, LONGEST_MS } from './backoff.ts'
import { type Decision, decide, type RetryRules } from './decide.ts'
import { retryAfterMsOf } from './retry-after.ts'
import { budgetOption, type RetryBudget } from './retry-budget.ts'

export interface RetryOptions<In = unknown> extends CommonOptions {
  readonly classify?: Classify<In> | undefined
  /** Calls in all, the first included. Default 3 (AWS SDKs, resilience4j). */
  readonly maxAttempts?: number | undefined
  /** Default exponentialBackoff(). */
  readonly backoff?: Backoff | undefined
  /** Default none here; pipeline.standard has one. */
  readonly budget?: RetryBudget | undefined
  /** Abandons one attempt. Default Infinity. */
  readonly attemptTimeoutMs?: number | undefined
  /** What the server asked for; replaces the backoff's delay if longer. Default reads Retry-After (seconds, dates) off Response and errors. */
  readonly retryAfterMs?: ((outcome: Outcome<In>) => number | undefined) | undefined
  /** Asked to wait longer than this, or past the deadline: give up now. Default 60_000. */
  readonly maxRetryAfterMs?: number | undefined
  /** Gets a result that is retried away, to release what it holds (a response's body). */
  readonly discard?: ((value: In) => void) | undefined
  readonly maxRetries?: undefined
}

/** The guide's own spelling, a closed shape. */
export interface ClassicRetryOptions {
  readonly name?: string | undefined
  /** Retries after the first call. */
  readonly maxRetries: number
  /** Milliseconds. */
  readonly baseDelay?: number | undefined
  /** Milliseconds. */
  readonly maxDelay?: number | undefined
  /** true is 'full'. Default true. */
  readonly jitter?: boolean | undefined
}

export interface Retry<in In = unknown> extends Strategy<In> {
  readonly kind: 'retry'
  metrics(): RetryMetrics
}

const CLASSIC_KEYS = ['name', 'maxRetries', 'baseDelay', 'maxDelay', 'jitter']
const KEYS = [
  ...COMMON_KEYS,
  'classify',
  'maxAttempts',
  'backoff',
  'budget',
  'attemptTimeoutMs',
  'retryAfterMs',
  'maxRetryAfterMs',
  'discard',
]

export function retry<In = unknown>(options: RetryOptions<In> | ClassicRetryOptions = {}): Retry<In> {
  return new RetryStrategy(modernRetry(options) as RetryOptions<never>) as unknown as Retry<In>
}

/** The classic spelling in today's words. */
export function modernRetry<In>(options: RetryOptions<In> | ClassicRetryOptions): RetryOptions<In> {
  checkObject('retry', options)
  return options.maxRetries === undefined ? options : fromClassic(options)
}

function fromClassic(options: ClassicRetryOptions): RetryOptions {
  checkKeys('retry', options, CLASSIC_KEYS)
  const { name, maxRetries, baseDelay, maxDelay } = options
  numberOption('retry', 'baseDelay', baseDelay, 0, { min: 0, max: LONGEST_MS })
  numberOption('retry', 'maxDelay', maxDelay, 0, { min: baseDelay ?? 0, max: LONGEST_MS })
  const jitter = booleanOption('retry', 'jitter', options.jitter, true) ? 'full' : 'none'
  return {
    name,
    maxAttempts: numberOption('retry', 'maxRetries', maxRetries, 0, { min: 0, max: 1e6, integer: true }) + 1,
    backoff: exponentialBackoff({ initialMs: baseDelay, maxMs: maxDelay, jitter }),
  }
}

class RetryStrategy extends BaseStrategy {
  readonly kind = 'retry'
  readonly rules: RetryRules
  readonly classify: AnyClassify
  readonly budget: RetryBudget | undefined
  readonly askedMs: ((outcome: Outcome<never>) => number | undefined) | undefined
  readonly discard: ((value: never) => void) | undefined
  private readonly attemptTimeoutMs: number
  calls = 0
  attempts = 0
  recovered = 0
  gaveUp = 0
  budgetDenied = 0

  constructor(options: RetryOptions<never>) {
    super('retry', options)
    checkKeys('retry', options, KEYS)
    this.rules = {
      maxAttempts: numberOption('retry', 'maxAttempts', options.maxAttempts, 3, { min: 1, integer: true }),
      backoff:
        options.backoff === undefined ? exponentialBackoff() : backoffOption('retry', 'backoff', options.backoff),
      maxRetryAfterMs: numberOption('retry', 'maxRetryAfterMs', options.maxRetryAfterMs, 60_000, { min: 0 }),
      random: functionOption('retry', 'random', options.random) ?? Math.random,
    }
    this.classify = functionOption('retry', 'classify', options.classify)
    this.budget = budgetOption('retry', options.budget)
    this.askedMs = functionOption('retry', 'retryAfterMs', options.retryAfterMs)
    this.discard = functionOption('retry', 'discard', options.discard)
    this.attemptTimeoutMs = numberOption('retry', 'attemptTimeoutMs', options.attemptTimeoutMs, Infinity, { above: 0 })
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    const slot = slots.used++
    if (this.attemptTimeoutMs === Number.POSITIVE_INFINITY) return new RetryLayer(this, inner, slot)
    slots.interrupts = true
    const deadlines = new Deadlines(this, this.attemptTimeoutMs, 'abandon')
    return new RetryLayer(this, new DeadlineLayer(deadlines, inner, slots.used++), slot)
  }

  metrics(): RetryMetrics {
    const { calls, attempts, recovered, gaveUp, budgetDenied } = this
    return { calls, attempts, recovered, gaveUp, budgetDenied }
  }
}

const IGNORED: Decision = { retry: false, cause: 'ignored' }

/** Its slot counts the attempts, its time is the last delay. */
class RetryLayer extends Layer {
  private readonly retry: RetryStrategy

  constructor(strategy: RetryStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.retry = strategy
  }

  override get goesOnAfterFailure(): boolean {
    return true
  }

  enter(frame: Frame): void {
    const { retry } = this
    retry.calls += 1
    retry.attempts += 1
    frame.slots[this.slot] = 1
    frame.times[this.slot] = 0
    if (retry.budget !== undefined && !this.record(frame, retry.budget)) return this.outer.leave(frame)
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    if (frame.ok && this.retry.classify === undefined) this.succeed(frame)
    else this.consider(frame)
  }

  cut(frame: Frame): void {
    const attempts = frame.slots[this.slot] as number
    this.retry.gaveUp += 1
    const cause = isResilienceError(frame.value, 'RESIL_TIMEOUT') ? 'deadline' : 'aborted'
    this.retry.tell({ type: 'retry.gaveUp', attempts, cause, error: frame.value } as Untold)
  }

  /** Somebody else's budget may throw. */
  private record(frame: Frame, budget: RetryBudget): boolean {
    try {
      budget.recordAttempt()
      return true
    } catch (thrown) {
      frame.ok = false
      frame.value = thrown
      return false
    }
  }

  private succeed(frame: Frame): void {
    if ((frame.slots[this.slot] as number) > 1) this.retry.recovered += 1
    this.outer.leave(frame)
  }

  private consider(frame: Frame): void {
    const { retry } = this
    const verdict = judge(frame, retry.classify, 0)
    if (verdict === 'success') return this.succeed(frame)
    const attempts = frame.slots[this.slot] as number
    const decision = verdict === 'ignore' ? IGNORED : this.decide(frame, attempts)
    if (decision.retry) this.again(frame, attempts, decision.delayMs)
    else this.giveUp(frame, attempts, decision.cause)
  }

  private decide(frame: Frame, attempts: number): Decision {
    const { retry, slot } = this
    const remainingMs = frame.nearestDeadline - retry.clock.now()
    const previousDelayMs = frame.times[slot] ?? 0
    const failed = { attempts, previousDelayMs, retryAfterMs: this.asked(frame), remainingMs }
    try {
      return decide(retry.rules, failed, () => retry.budget?.tryAcquire() ?? true)
    } catch (thrown) {
      // A backoff or a budget of somebody else's that throws is a bug, like a classifier that does.
      frame.ok = false
      frame.value = thrown
      return IGNORED
    }
  }

  private asked(frame: Frame): number | undefined {
    const { askedMs, clock } = this.retry
    try {
      if (askedMs === undefined) return retryAfterMsOf(frame.value, clock.wallNow())
      return askedMs(outcomeOf(frame, 0) as Outcome<never>)
    } catch {
      // A header getter that throws asks for nothing.
      return undefined
    }
  }

  private again(frame: Frame, attempts: number, delayMs: number): void {
    const { retry, slot } = this
    const told = frame.ok ? {} : { error: frame.value }
    retry.tell({ type: 'retry.scheduled', attempt: attempts + 1, delayMs, ...told } as Untold)
    if (frame.ok) this.release(frame.value)
    frame.slots[slot] = attempts + 1
    frame.times[slot] = delayMs
    pause(frame, this, retry.clock, delayMs, () => {
      retry.attempts += 1
      this.inner.enter(frame)
    })
  }

  private release(value: unknown): void {
    try {
      this.retry.discard?.(value as never)
    } catch {
      // The value is not wanted any more, and neither is what became of it.
    }
  }

  private giveUp(frame: Frame, attempts: number, cause: Exclude<Decision, { retry: true }>['cause']): void {
    const { retry } = this
    if (cause !== 'ignored') retry.gaveUp += 1
    if (cause === 'budget') retry.budgetDenied += 1
    const told = frame.ok ? {} : { error: frame.value }
    retry.tell({ type: 'retry.gaveUp', attempts, cause, ...told } as Untold)
    this.outer.leave(frame)
  }
}
