// A share of calls that may be retried, so that retries cannot multiply an outage: layers that each retry twice make nine
// calls of one, layers with a budget of 20 % make 1.2 × 1.2. Shared by whatever uses the same dependency.

import { type Clock, systemClock } from '../../clock.ts'
import type { RetryBudgetMetrics } from '../metrics.ts'
import {
  COMMON_KEYS,
  type CommonOptions,
  checkKeys,
  clockOption,
  nameOption,
  numberOption,
  SCOPE_KEYS,
  type ScopeOptions,
} from '../options.ts'
import { scopeOf } from '../scope.ts'
import { TimeWindow } from '../time-window.ts'

export interface RetryBudgetOptions extends CommonOptions {
  /** Retries per first attempt. Default 0.2 (Finagle, Envoy). */
  readonly ratio?: number | undefined
  /** Always allowed, for quiet services; per worker in worker scope. Default 10 (Finagle). */
  readonly minRetriesPerSecond?: number | undefined
  /** How long an attempt counts. Default 10_000 (Finagle). */
  readonly windowMs?: number | undefined
}

/** Not a strategy: retry and hedge register attempts with it and ask its leave. */
export interface RetryBudget {
  readonly name: string
  recordAttempt(): void
  tryAcquire(): boolean
  metrics(): RetryBudgetMetrics
  dispose(): void
}

const KEYS = [...COMMON_KEYS, ...SCOPE_KEYS, 'ratio', 'minRetriesPerSecond', 'windowMs']

export function retryBudget(options: RetryBudgetOptions & ScopeOptions = {}): RetryBudget {
  const of = 'retryBudget'
  checkKeys(of, options, KEYS)
  const clock: Clock = clockOption(of, options.clock) ?? systemClock
  const ratio = numberOption(of, 'ratio', options.ratio, 0.2, { min: 0, max: 1000 })
  const perSecond = numberOption(of, 'minRetriesPerSecond', options.minRetriesPerSecond, 10, { min: 0, max: 1e9 })
  const windowMs = numberOption(of, 'windowMs', options.windowMs, 10_000, { above: 0, max: 86_400_000 })
  const scope = scopeOf(of, options)
  const reserve = (perSecond * windowMs) / 1000
  const window = new TimeWindow(windowMs, ['attempts', 'acquired'])
  let acquired = 0
  let denied = 0
  // The epsilon: 0.2 · 15 is 3.0000000000000004 in one order of adding and less than 3 in another.
  const balance = (now: number): number =>
    Math.floor(reserve + ratio * window.total('attempts', now) - window.total('acquired', now) + 1e-9)
  return {
    name: nameOption('retryBudget', options.name),
    recordAttempt: () => window.add('attempts', clock.now()),
    tryAcquire: () => {
      const now = clock.now()
      if (balance(now) < 1) {
        denied += 1
        return false
      }
      acquired += 1
      window.add('acquired', now)
      return true
    },
    metrics: () => ({ balance: Math.max(0, balance(clock.now())), acquired, denied, scope }),
    dispose: () => window.clear(),
  }
}

export function budgetOption(of: string, value: unknown): RetryBudget | undefined {
  if (value === undefined) return undefined
  const { recordAttempt, tryAcquire } = (value ?? {}) as Partial<RetryBudget>
  if (typeof tryAcquire === 'function' && typeof recordAttempt === 'function') return value as RetryBudget
  throw new TypeError(`${of}: budget must be a retryBudget()`)
}
