// A retry's place in a pipeline: asks decide.ts about each attempt that failed, waits, and goes in again. Giving up gives back the last
// result or throws the last error itself; why it gave up is in the event.

import type { Untold } from '../events.ts'
import type { Outcome } from '../pipeline/call.ts'
import type { Frame } from '../pipeline/frame.ts'
import { judge, outcomeOf } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import { pause } from '../pipeline/pause.ts'
import { isResilienceError } from '../resilience-error.ts'
import { type Decision, decide } from './decide.ts'
import type { RetryStrategy } from './retry.ts'
import { retryAfterMsOf } from './retry-after.ts'
import type { RetryBudget } from './retry-budget.ts'

const IGNORED: Decision = { retry: false, cause: 'ignored' }

/** Its slot counts the attempts, its time is the last delay. */
export class RetryLayer extends Layer {
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
