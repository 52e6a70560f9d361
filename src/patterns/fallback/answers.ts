// Fallbacks that need no memory: a fixed value, or a function that gets by with less.

import type { Untold } from '../events.ts'
import type { FallbackMetrics } from '../metrics.ts'
import { COMMON_KEYS, type CommonOptions, checkKeys, functionOption } from '../options.ts'
import type { Action, Call, Classify } from '../pipeline/call.ts'
import type { Frame } from '../pipeline/frame.ts'
import type { AnyClassify } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { FallbackLayer, type Server } from './fallback-layer.ts'

export interface FallbackOptions<In = unknown> extends CommonOptions {
  /** By default every error is a failure, rejections too; a call that its caller aborts is never served. */
  readonly classify?: Classify<In> | undefined
}

export type Failure<In> = { readonly error: unknown } | { readonly value: In }

export interface Fallback<in In, out Add> extends Strategy<In, Add> {
  readonly kind: 'fallback'
  metrics(): FallbackMetrics
}

const KEYS = [...COMMON_KEYS, 'classify']

abstract class AnswerStrategy extends BaseStrategy implements Server {
  readonly kind = 'fallback'
  readonly classify: AnyClassify
  abstract readonly runsCode: boolean
  calls = 0
  private served = 0

  constructor(of: string, options: FallbackOptions<never>) {
    super('fallback', options)
    checkKeys(of, options, KEYS)
    this.classify = functionOption(of, 'classify', options.classify)
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new FallbackLayer(this, (frame) => this.count(frame, 'degraded'), inner, slots.used++)
  }

  abstract serve(frame: Frame, layer: FallbackLayer): void

  metrics(): FallbackMetrics {
    return { calls: this.calls, served: this.served, fresh: 0, misses: 0, entries: 0 }
  }

  protected count(frame: Frame, source: 'value' | 'degraded', error?: unknown): void {
    this.served += 1
    frame.degradedBy = this.name
    this.tell({ type: 'fallback.served', source, ...(error === undefined ? {} : { error }) } as Untold)
  }
}

export class ValueStrategy extends AnswerStrategy {
  readonly runsCode = false
  private readonly value: unknown

  constructor(value: unknown, options: FallbackOptions<never>) {
    super('fallback.value', options)
    this.value = value
  }

  serve(frame: Frame, layer: FallbackLayer): void {
    this.count(frame, 'value', frame.ok ? undefined : frame.value)
    frame.ok = true
    frame.value = this.value
    layer.outer.leave(frame)
  }
}

export class DegradedStrategy extends AnswerStrategy {
  readonly runsCode = true
  private readonly fn: (failure: Failure<unknown>, call: Call) => unknown

  constructor(fn: (failure: Failure<never>, call: Call) => unknown, options: FallbackOptions<never>) {
    super('fallback.degraded', options)
    if (typeof fn !== 'function') throw new TypeError('fallback.degraded: it needs a function first')
    this.fn = fn as (failure: Failure<unknown>, call: Call) => unknown
  }

  serve(frame: Frame, layer: FallbackLayer): void {
    const failure: Failure<unknown> = frame.ok ? { value: frame.value } : { error: frame.value }
    const instead: Action<unknown> = (call) => this.fn(failure, call)
    frame.runInstead(instead, layer.served)
  }
}
