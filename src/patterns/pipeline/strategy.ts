// What every strategy can do. Alone it is a pipeline of one; in a pipeline it is a layer. How it decides is in its own folder.

import { type Clock, systemClock } from '../../clock.ts'
import { type Listener, Listeners, type PatternEvent, type Untold } from '../events.ts'
import type { Metrics } from '../metrics.ts'
import { type CommonOptions, checkObject, clockOption, nameOption, show } from '../options.ts'
import { ResilienceError } from '../resilience-error.ts'
import type { StrategyKind } from '../strategy-kind.ts'
import type { Action, Call, CallOptions, Report } from './call.ts'
import { ActionLayer, EndLayer } from './ends.ts'
import type { Frame } from './frame.ts'
import { frameFor } from './frame-for.ts'
import { LAYER, type Layer, type Layered, type Slots } from './layer.ts'
import type { Plan } from './pending.ts'

/** In: the results that it can judge. Add: what it may return besides the action's own result (only fallbacks and chaos add). */
export interface Strategy<in In = unknown, out Add = never> {
  readonly kind: StrategyKind
  readonly name: string
  execute<T extends In>(action: Action<T>, options?: CallOptions): Promise<T | Add>
  /** Never rejects: the same call, told as a value. */
  report<T extends In>(action: Action<T>, options?: CallOptions): Promise<Report<T | Add>>
  /** Same arguments and `this`; the function gets no signal. Overloads collapse to the last one. */
  wrap<This, A extends unknown[], R extends In | PromiseLike<In>>(
    fn: (this: This, ...args: A) => R,
  ): (this: This, ...args: A) => Promise<Awaited<R> | Add>
  /** As wrap, for functions that take the Call first. */
  wrapWithCall<A extends unknown[], R extends In | PromiseLike<In>>(
    fn: (call: Call, ...args: A) => R,
  ): (...args: A) => Promise<Awaited<R> | Add>
  metrics(): Metrics
  /** Returns the way to stop listening. A listener that throws never touches the call. */
  on(listener: (event: PatternEvent) => void): () => void
  /** Idempotent. Queued calls reject with RESIL_DISPOSED, later ones too; running ones finish. (Not `close`: that is a breaker's verb.) */
  dispose(): void
  /** Types only; never present. */
  readonly '~types'?: { readonly accepts: (value: In) => void; readonly adds: Add }
}

export abstract class BaseStrategy implements Layered {
  abstract readonly kind: StrategyKind
  readonly name: string
  readonly clock: Clock
  readonly listeners = new Listeners()
  private plan: Plan | undefined = undefined
  disposed = false

  constructor(kind: StrategyKind, options: CommonOptions) {
    checkObject(kind, options)
    this.name = nameOption(kind, options.name)
    this.clock = clockOption(kind, options.clock) ?? systemClock
  }

  abstract [LAYER](inner: Layer, slots: Slots): Layer
  abstract metrics(): Metrics

  execute(action: Action<unknown>, options?: CallOptions): Promise<unknown> {
    if (typeof action !== 'function') return Promise.reject(noFunction(this, action))
    // The short way in: most calls bring no options.
    if (options === undefined && !this.disposed) return frameFor(this.planned(), action).begin()
    return this.frameOf(action, options, undefined, false)
  }

  report(action: Action<unknown>, options?: CallOptions): Promise<Report<unknown>> {
    return this.frameOf(action, options, undefined, true) as Promise<Report<unknown>>
  }

  wrap(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => Promise<unknown> {
    const strategy = this
    if (typeof fn !== 'function') throw noFunction(this, fn)
    return function (this: unknown, ...args: unknown[]) {
      return strategy.frameOf(() => fn.apply(this, args), undefined, args, false)
    }
  }

  wrapWithCall(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => Promise<unknown> {
    if (typeof fn !== 'function') throw noFunction(this, fn)
    return (...args) => this.frameOf((call) => fn(call, ...args), undefined, args, false)
  }

  on(listener: Listener): () => void {
    return this.listeners.add(listener)
  }

  dispose(): void {
    this.disposed = true
  }

  tell(event: Untold): void {
    if (!this.listeners.any) return
    this.listeners.tell({ ...event, name: this.name, at: this.clock.wallNow() } as PatternEvent)
  }

  private planned(): Plan {
    this.plan ??= planOf(this.name, this.clock, this)
    return this.plan
  }

  private frameOf(
    action: Action<unknown>,
    options: CallOptions | undefined,
    args: readonly unknown[] | undefined,
    reported: boolean,
  ): Promise<unknown> {
    const frame = frameFor(this.planned(), action)
    frame.special = true
    if (args !== undefined) frame.args = args
    if (reported) frame.reporting()
    const refusal = this.refusalOf(action) ?? refuse(frame, options)
    return refusal === undefined ? frame.begin() : frame.refuse(refusal.reason)
  }

  private refusalOf(action: Action<unknown>): { readonly reason: unknown } | undefined {
    if (typeof action !== 'function') return { reason: noFunction(this, action) }
    return this.disposed ? disposedOf(this) : undefined
  }
}

/** Sets up the frame for its options, or says why the call must not begin. */
function refuse(frame: Frame, options: CallOptions | undefined): { readonly reason: unknown } | undefined {
  // null where a program without types passes one on.
  if (options === undefined || options === null) return undefined
  const { key, priority, signal, timeoutMs } = options
  if (signal?.aborted === true) return { reason: signal.reason }
  if (typeof signal?.addEventListener !== 'function' && signal !== undefined && signal !== null) {
    return { reason: new TypeError(`signal must be an AbortSignal, got ${show(signal)}`) }
  }
  if (key !== undefined) frame.key = key
  if (priority !== undefined) {
    const wrong = wrongPriority(priority)
    if (wrong !== undefined) return { reason: wrong }
    frame.priority = priority
  }
  if (timeoutMs !== undefined) {
    if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
      return { reason: new RangeError(`timeoutMs must be a number above 0, got ${show(timeoutMs)}`) }
    }
    const { name } = frame.plan
    frame.endWithin(timeoutMs, () => new ResilienceError('RESIL_TIMEOUT', { strategy: 'pipeline', strategyName: name }))
  }
  // As fetch has it: null is no signal.
  if (signal !== undefined && signal !== null) frame.obey(signal)
  return undefined
}

/** One that compares with no other would stand in the way of all who come later. */
export function wrongPriority(priority: unknown): RangeError | undefined {
  if (typeof priority === 'number' && !Number.isNaN(priority)) return undefined
  return new RangeError(`priority must be a number, got ${show(priority)}`)
}

function noFunction({ kind, name }: { kind: StrategyKind; name: string }, action: unknown): TypeError {
  return new TypeError(`${kind} "${name}": it needs a function to call, got ${show(action)}`)
}

function disposedOf({ kind, name }: { kind: StrategyKind; name: string }): { readonly reason: unknown } {
  return { reason: new ResilienceError('RESIL_DISPOSED', { strategy: kind, strategyName: name }) }
}

export function planOf(name: string, clock: Clock, strategy: Layered): Plan {
  const slots: Slots = { used: 0, interrupts: false }
  const first = strategy[LAYER](new ActionLayer(), slots)
  const end = new EndLayer(first, 0)
  return { name, clock, first, end, slots: slots.used, interrupts: slots.interrupts }
}
