// Tries again what failed for a passing reason. What a retry is made of and counts; options.ts checks what it is given,
// retry-layer.ts is its place in a call.

import type { RetryMetrics } from '../metrics.ts'
import { functionOption, numberOption } from '../options.ts'
import type { Outcome } from '../pipeline/call.ts'
import type { AnyClassify } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { DeadlineLayer, Deadlines } from '../timeout/deadline-layer.ts'
import type { RetryRules } from './decide.ts'
import { type ClassicRetryOptions, modernRetry, type RetryOptions, rulesOf } from './options.ts'
import { budgetOption, type RetryBudget } from './retry-budget.ts'
import { RetryLayer } from './retry-layer.ts'

export interface Retry<in In = unknown> extends Strategy<In> {
  readonly kind: 'retry'
  metrics(): RetryMetrics
}

export function retry<In = unknown>(options: RetryOptions<In> | ClassicRetryOptions = {}): Retry<In> {
  return new RetryStrategy(modernRetry(options) as RetryOptions<never>) as unknown as Retry<In>
}

export class RetryStrategy extends BaseStrategy {
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
    this.rules = rulesOf(options)
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
