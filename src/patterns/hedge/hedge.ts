// Asks again while the first answer is late, and takes whichever comes first. For idempotent calls only. How the race is run
// is in hedge-layer.ts.

import type { HedgeMetrics } from '../metrics.ts'
import { COMMON_KEYS, type CommonOptions, checkKeys, functionOption, numberOption } from '../options.ts'
import type { Classify } from '../pipeline/call.ts'
import type { AnyClassify } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { budgetOption, type RetryBudget } from '../retry/retry-budget.ts'
import { HedgeLayer } from './hedge-layer.ts'
import { Latencies } from './latencies.ts'

/** The first success wins, the others are aborted; all failed: the first failure. */
export interface HedgeOptions<In = unknown> extends CommonOptions {
  readonly classify?: Classify<In> | undefined
  /** A fixed wait, or a quantile of past latencies. Default { quantile: 0.95 } (The Tail at Scale). */
  readonly delayMs?:
    | number
    | {
        readonly quantile: number
        /** Default 10. */
        readonly minMs?: number | undefined
        /** Until 100 calls are seen. Default 2_000 (Polly). */
        readonly initialMs?: number | undefined
      }
    | undefined
  /** Default 1 (Polly). */
  readonly maxHedges?: number | undefined
  readonly budget?: RetryBudget | undefined
}

export interface Hedge<in In = unknown> extends Strategy<In> {
  readonly kind: 'hedge'
  metrics(): HedgeMetrics
}

const OF = 'hedge'
const KEYS = [...COMMON_KEYS, 'classify', 'delayMs', 'maxHedges', 'budget']
const ENOUGH_CALLS = 100

export function hedge<In = unknown>(options: HedgeOptions<In> = {}): Hedge<In> {
  return new HedgeStrategy(options as HedgeOptions<never>) as unknown as Hedge<In>
}

export class HedgeStrategy extends BaseStrategy {
  readonly kind = 'hedge'
  readonly classify: AnyClassify
  readonly maxHedges: number
  readonly budget: RetryBudget | undefined
  readonly latencies = new Latencies()
  readonly delayMs: () => number
  calls = 0
  hedges = 0
  won = 0
  budgetDenied = 0

  constructor(options: HedgeOptions<never>) {
    super(OF, options)
    checkKeys(OF, options, KEYS)
    this.classify = functionOption(OF, 'classify', options.classify)
    this.maxHedges = numberOption(OF, 'maxHedges', options.maxHedges, 1, { min: 0, max: 100, integer: true })
    this.budget = budgetOption(OF, options.budget)
    this.delayMs = this.delay(options.delayMs ?? { quantile: 0.95 })
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new HedgeLayer(this, inner, slots.used++)
  }

  metrics(): HedgeMetrics {
    const { calls, hedges, won, budgetDenied } = this
    return { calls, hedges, won, budgetDenied }
  }

  private delay(option: NonNullable<HedgeOptions['delayMs']>): () => number {
    if (typeof option === 'number') {
      const fixedMs = numberOption(OF, 'delayMs', option, 0, { min: 0 })
      return () => fixedMs
    }
    checkKeys(`${OF}: delayMs`, option, ['quantile', 'minMs', 'initialMs'])
    const quantile = numberOption(OF, 'delayMs.quantile', option.quantile, 0.95, { above: 0, max: 1 })
    const minMs = numberOption(OF, 'delayMs.minMs', option.minMs, 10, { min: 0 })
    const initialMs = numberOption(OF, 'delayMs.initialMs', option.initialMs, 2000, { min: 0 })
    return () => (this.latencies.count < ENOUGH_CALLS ? initialMs : Math.max(minMs, this.latencies.quantile(quantile)))
  }
}
