// Makes calls fail on purpose, to see what the strategies around them do. Off unless enabled; put it last in a pipeline.

import type { Untold } from '../events.ts'
import type { ChaosMetrics } from '../metrics.ts'
import {
  booleanOption,
  COMMON_KEYS,
  type CommonOptions,
  checkKeys,
  functionOption,
  numberOption,
  show,
} from '../options.ts'
import type { Call } from '../pipeline/call.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { chaosAllowed, tellSupervisor } from '../supervised.ts'
import { ChaosLayer } from './chaos-layer.ts'
import { type Latency, type Odds, seeded } from './draw.ts'
import { countUnnamed, type Fault, metricsOf } from './unnamed.ts'

export type { Latency } from './draw.ts'

export interface ChaosOptions<V> extends CommonOptions {
  /** Default: CHAOS_ENABLED is 'true' at the first call. Under a supervisor both do nothing unless its config has `chaos.allowed: true`. */
  readonly enabled?: boolean | (() => boolean) | undefined
  /** Of an injected error. Default 0: nothing that you did not ask for. */
  readonly probability?: number | undefined
  /** Becomes the cause of the injected RESIL_CHAOS. */
  readonly error?: ((call: Call) => unknown) | undefined
  /** Drawn apart from the error, and before it. Default 0. */
  readonly latencyProbability?: number | undefined
  /** Lognormal where given by median and p99. Default { minMs: 100, maxMs: 1_000 }. */
  readonly latency?: Latency | undefined
  /** Never settles until aborted. Default 0. */
  readonly hangProbability?: number | undefined
  /** Another result. Default 0. */
  readonly outcomeProbability?: number | undefined
  readonly outcome?: ((call: Call) => V) | undefined
  /** The same seed gives the same faults in the same order of calls. */
  readonly seed?: number | undefined
}

export interface Chaos<out V> extends Strategy<unknown, V> {
  readonly kind: 'chaos'
  metrics(): ChaosMetrics
}

const OF = 'chaos'
const KEYS = [
  ...COMMON_KEYS,
  'enabled',
  'probability',
  'error',
  'latencyProbability',
  'latency',
  'hangProbability',
  'outcomeProbability',
  'outcome',
  'seed',
]

/** A string is the name alone: a point that injects nothing by itself. */
export function chaos(name: string): Chaos<never>
export function chaos<V = never>(options?: ChaosOptions<V>): Chaos<V>
export function chaos<V = never>(options: string | ChaosOptions<V> = {}): Chaos<V> {
  return new ChaosStrategy(typeof options === 'string' ? { name: options } : options) as unknown as Chaos<V>
}

export class ChaosStrategy extends BaseStrategy {
  readonly kind = 'chaos'
  readonly odds: Odds
  readonly random: () => number
  readonly error: ((call: Call) => unknown) | undefined
  readonly outcome: ((call: Call) => unknown) | undefined
  private readonly enabled: () => boolean
  private readonly injected = { error: 0, latency: 0, hang: 0, outcome: 0 }
  private readonly isNamed: boolean
  private told = false

  constructor(options: ChaosOptions<unknown>) {
    super(OF, options)
    checkKeys(OF, options, KEYS)
    const probability = (key: keyof ChaosOptions<unknown>): number =>
      numberOption(OF, key, options[key], 0, { min: 0, max: 1 })
    this.odds = {
      latency: checkLatency(options.latency ?? { minMs: 100, maxMs: 1000 }),
      latencyProbability: probability('latencyProbability'),
      hangProbability: probability('hangProbability'),
      probability: probability('probability'),
      outcomeProbability: probability('outcomeProbability'),
    }
    this.isNamed = options.name !== undefined
    this.error = functionOption(OF, 'error', options.error)
    this.outcome = functionOption(OF, 'outcome', options.outcome)
    if (this.odds.outcomeProbability > 0 && this.outcome === undefined) {
      throw new TypeError(`${OF}: outcomeProbability needs outcome, the function that makes the other result`)
    }
    const { enabled, seed } = options
    const random = functionOption(OF, 'random', options.random) ?? Math.random
    this.random = seed === undefined ? random : seeded(numberOption(OF, 'seed', seed, 0, { integer: true }))
    this.enabled = typeof enabled === 'function' ? enabled : fixed(booleanOption(OF, 'enabled', enabled, undefined))
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new ChaosLayer(this, inner, slots.used++)
  }

  get active(): boolean {
    try {
      return chaosAllowed() && this.enabled()
    } catch {
      // Whoever can't say whether faults are wanted gets none.
      return false
    }
  }

  inject(fault: Fault): void {
    this.injected[fault] += 1
    // Not before its first fault: what is off takes no place among those that are told of.
    if (!this.isNamed) countUnnamed(fault)
    else if (!this.told) {
      this.told = true
      tellSupervisor(this)
    }
    this.tell({ type: 'chaos.injected', fault } as Untold)
  }

  metrics(): ChaosMetrics {
    return metricsOf(this.injected)
  }
}

/** What the option says, else CHAOS_ENABLED as it is at the first call: looking it up costs more than all else here. */
function fixed(enabled: boolean | undefined): () => boolean {
  let known = enabled
  return () => {
    known ??= environment('CHAOS_ENABLED') === 'true'
    return known
  }
}

interface HasEnvironment {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
}

/** Where there is one: patterns run in browsers too. */
function environment(name: string): string | undefined {
  return (globalThis as HasEnvironment).process?.env?.[name]
}

/** A copy: options are not read after construction. */
function checkLatency(latency: Latency): Latency {
  if (typeof latency === 'number') {
    numberOption(OF, 'latency', latency, 0, { min: 0 })
    return latency
  }
  if (typeof latency === 'object' && 'minMs' in latency) {
    const minMs = numberOption(OF, 'latency.minMs', latency.minMs, 0, { min: 0 })
    const maxMs = numberOption(OF, 'latency.maxMs', latency.maxMs, minMs, { min: minMs })
    return { minMs, maxMs }
  }
  if (typeof latency === 'object' && 'medianMs' in latency) {
    const medianMs = numberOption(OF, 'latency.medianMs', latency.medianMs, 1, { above: 0 })
    const p99Ms = numberOption(OF, 'latency.p99Ms', latency.p99Ms, medianMs, { min: medianMs })
    return { medianMs, p99Ms }
  }
  throw new TypeError(
    `${OF}: latency must be milliseconds, { minMs, maxMs } or { medianMs, p99Ms }, got ${show(latency)}`,
  )
}
