// Strategies put together, outermost first, as one strategy. Counts how its calls ended; everything else is the layers'.

import { type Clock, systemClock } from '../../clock.ts'
import type { PatternEvent } from '../events.ts'
import type { DurationMetrics, Metrics, PipelineMetrics } from '../metrics.ts'
import { booleanOption, checkKeys, show } from '../options.ts'
import { Durations } from './durations.ts'
import type { Frame } from './frame.ts'
import { LAYER, Layer, type Layered, type Slots } from './layer.ts'
import { BaseStrategy, type Strategy } from './strategy.ts'

export type AnyStrategy = Strategy<never, unknown>
export type Accepts<S extends readonly AnyStrategy[]> = [S[number]] extends [never]
  ? unknown
  : S[number] extends Strategy<infer In, unknown>
    ? In
    : never
export type Adds<S extends readonly AnyStrategy[]> = [S[number]] extends [never]
  ? never
  : S[number] extends Strategy<never, infer A>
    ? A
    : never
/** What inner fallbacks add must be judgeable by the strategies around them. */
export type Fits<S extends readonly AnyStrategy[]> = S extends readonly [
  infer O extends AnyStrategy,
  ...infer I extends AnyStrategy[],
]
  ? [Adds<I>] extends [Accepts<[O]>]
    ? Fits<I>
    : false
  : true

/** Who made a strategy disposes of it: pipeline.dispose() ends only what a preset made. A pipeline is a strategy. */
export interface Pipeline<in In = unknown, out Add = never> extends Strategy<In, Add> {
  readonly kind: 'pipeline'
  readonly strategies: readonly AnyStrategy[]
  metrics(): PipelineMetrics
}

export interface PipelineOptions {
  readonly name: string
  /** Measure how long calls take, as a histogram in metrics(). Costs two clock reads a call. Default false. */
  readonly durations?: boolean | undefined
}

export class PipelineStrategy extends BaseStrategy {
  readonly kind = 'pipeline'
  readonly strategies: readonly AnyStrategy[]
  readonly durations: Durations | undefined
  private readonly owned: readonly AnyStrategy[]
  success = 0
  failure = 0
  degraded = 0
  inFlight = 0

  constructor(
    options: string | PipelineOptions,
    strategies: readonly AnyStrategy[],
    owned: readonly AnyStrategy[] = [],
  ) {
    const { name, durations } = namedOptions(options)
    checkStrategies(name, strategies)
    super('pipeline', { name, clock: clockOf(name, strategies) })
    this.strategies = strategies
    this.owned = owned
    this.durations = booleanOption('pipeline', 'durations', durations, false) ? new Durations() : undefined
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    const around = this.strategies.reduceRight<Layer>(
      (layer, next) => (next as unknown as Layered)[LAYER](layer, slots),
      inner,
    )
    return new CountLayer(this, around, slots.used++)
  }

  override on(listener: (event: PatternEvent) => void): () => void {
    const stops = this.strategies.map((strategy) => strategy.on(listener))
    return () => {
      for (const stop of stops) stop()
    }
  }

  override dispose(): void {
    super.dispose()
    for (const strategy of this.owned) strategy.dispose()
  }

  metrics(): PipelineMetrics {
    const { success, failure, degraded, inFlight } = this
    const durations: { durations?: DurationMetrics } = this.durations ? { durations: this.durations.snapshot() } : {}
    // Not by assignment, which would take a strategy called "__proto__" for something else.
    const strategies = Object.fromEntries<Metrics>(this.strategies.map((each) => [each.name, each.metrics()]))
    return { success, failure, degraded, inFlight, ...durations, strategies }
  }
}

class CountLayer extends Layer {
  private readonly pipeline: PipelineStrategy

  constructor(pipeline: PipelineStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.pipeline = pipeline
  }

  enter(frame: Frame): void {
    const { pipeline } = this
    pipeline.inFlight += 1
    if (pipeline.durations !== undefined) frame.times[this.slot] = pipeline.clock.now()
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    this.count(frame)
    this.outer.leave(frame)
  }

  cut(frame: Frame): void {
    this.count(frame)
  }

  private count(frame: Frame): void {
    const { pipeline } = this
    pipeline.inFlight -= 1
    if (!frame.ok) pipeline.failure += 1
    else if (frame.degradedBy === undefined) pipeline.success += 1
    else pipeline.degraded += 1
    pipeline.durations?.record(pipeline.clock.now() - (frame.times[this.slot] ?? 0))
  }
}

/** A deadline that one strategy sets is compared with the time of another: their clocks must mean the same. */
function clockOf(name: string, strategies: readonly AnyStrategy[]): Clock {
  const clocks = new Set(strategies.flatMap(deadlineClocks))
  if (clocks.size > 1) throw new TypeError(`pipeline "${name}": give its timeouts and retries the same clock`)
  return clocks.values().next().value ?? ownClock(strategies[0]) ?? systemClock
}

function deadlineClocks(strategy: AnyStrategy): readonly Clock[] {
  if (strategy.kind === 'pipeline') return (strategy as Pipeline<never, unknown>).strategies.flatMap(deadlineClocks)
  const clock = strategy.kind === 'timeout' || strategy.kind === 'retry' ? ownClock(strategy) : undefined
  return clock === undefined ? [] : [clock]
}

function ownClock(strategy: AnyStrategy | undefined): Clock | undefined {
  return (strategy as { clock?: Clock } | undefined)?.clock
}

function namedOptions(options: string | PipelineOptions): PipelineOptions {
  if (typeof options === 'string' && options !== '') return { name: options }
  const isOptions = typeof options === 'object' && options !== null && !(LAYER in options)
  const name = isOptions ? options.name : options
  if (!isOptions || typeof name !== 'string' || name === '') {
    throw new TypeError(`pipeline: it needs a name first, got ${show(name)}`)
  }
  checkKeys('pipeline', options, ['name', 'durations'])
  return options
}

function checkStrategies(name: string, strategies: readonly AnyStrategy[]): void {
  const names = new Set<string>()
  for (const strategy of strategies) {
    if (typeof (strategy as Partial<Layered> | undefined)?.[LAYER] !== 'function') {
      throw new TypeError(`pipeline "${name}": ${show(strategy)} is not a strategy of this library`)
    }
    if (names.has(strategy.name))
      throw new TypeError(`pipeline "${name}": two strategies are called "${strategy.name}"`)
    names.add(strategy.name)
  }
}
