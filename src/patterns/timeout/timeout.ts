// A limit on how long a call may take. What it does when time is up is in deadline-layer.ts.

import type { TimeoutMetrics } from '../metrics.ts'
import { COMMON_KEYS, type CommonOptions, checkKeys, numberOption, oneOf } from '../options.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy, type Strategy } from '../pipeline/strategy.ts'
import { DeadlineLayer, Deadlines, type TimeoutMode } from './deadline-layer.ts'

export interface TimeoutOptions extends CommonOptions {
  readonly timeoutMs: number
  /**
   * abandon: abort the signal, reject now. cooperative: abort, wait for the action; its late value is returned.
   * Default 'abandon': most Node code ignores signals.
   */
  readonly mode?: TimeoutMode | undefined
}

export interface Timeout extends Strategy {
  readonly kind: 'timeout'
  metrics(): TimeoutMetrics
}

const KEYS = [...COMMON_KEYS, 'timeoutMs', 'mode']
const MODES = ['abandon', 'cooperative'] as const

export function timeout(timeoutMs: number): Timeout
export function timeout(options: TimeoutOptions): Timeout
export function timeout(options: number | TimeoutOptions): Timeout {
  return new TimeoutStrategy(typeof options === 'number' ? { timeoutMs: options } : options) as unknown as Timeout
}

class TimeoutStrategy extends BaseStrategy {
  readonly kind = 'timeout'
  private readonly deadlines: Deadlines

  constructor(options: TimeoutOptions) {
    super('timeout', options)
    checkKeys('timeout', options, KEYS)
    const { timeoutMs } = options
    if (timeoutMs === undefined)
      throw new TypeError('timeout: timeoutMs is required: only you know how long is too long')
    this.deadlines = new Deadlines(
      this,
      numberOption('timeout', 'timeoutMs', timeoutMs, 0, { above: 0 }),
      oneOf('timeout', 'mode', options.mode, MODES, 'abandon'),
    )
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    slots.interrupts = true
    return new DeadlineLayer(this.deadlines, inner, slots.used++)
  }

  metrics(): TimeoutMetrics {
    const { calls, expired, abandoned } = this.deadlines
    return { calls, expired, abandoned }
  }
}
