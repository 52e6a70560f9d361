// The usual pipeline for calls to another service, in the order and with the numbers of .NET's standard resilience handler.

import { bulkhead } from '../bulkhead/bulkhead.ts'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.ts'
import { checkKeys, withDefaults } from '../options.ts'
import { retry } from '../retry/retry.ts'
import { retryBudget } from '../retry/retry-budget.ts'
import { timeout } from '../timeout/timeout.ts'
import { type AnyStrategy, type Pipeline, PipelineStrategy } from './pipeline.ts'
import { STANDARD_KEYS, type StandardOptions, type StandardSettings, standardSettings } from './standard-settings.ts'
import type { Strategy } from './strategy.ts'

export type { StandardOptions } from './standard-settings.ts'

/** The strategies of a standard pipeline, made but not put together. */
export interface StandardParts<In> {
  readonly total: Strategy
  readonly retry: Strategy<In> | undefined
  readonly breaker: Strategy<In> | undefined
  readonly bulkhead: Strategy | undefined
  readonly attempt: Strategy
}

export function standardParts<In>(name: string, settings: StandardSettings<In>): StandardParts<In> {
  const { clock, random, totalTimeoutMs, attemptTimeoutMs } = settings
  const named = (part: string) => ({ name: `${name}.${part}`, clock, random })
  const budget = () => retryBudget(named('budget'))
  return {
    total: timeout({ ...named('total'), timeoutMs: totalTimeoutMs }),
    retry: settings.retry && retry<In>(withDefaults({ ...named('retry'), budget: budget() }, settings.retry)),
    breaker: settings.circuitBreaker && circuitBreaker<In>(withDefaults(named('breaker'), settings.circuitBreaker)),
    bulkhead: settings.bulkhead && bulkhead(withDefaults(named('bulkhead'), settings.bulkhead)),
    attempt: timeout({ ...named('attempt'), timeoutMs: attemptTimeoutMs }),
  }
}

/** fallback? → timeout (total) → retry → circuitBreaker → bulkhead → timeout (attempt). */
export function standard<In = unknown, V = never>(name: string, options: StandardOptions<In, V> = {}): Pipeline<In, V> {
  const of = 'pipeline.standard'
  checkKeys(of, options, STANDARD_KEYS)
  const settings = standardSettings(of, options)
  const { total, retry: again, breaker, bulkhead: room, attempt } = standardParts<In>(name, settings)
  const made = [total, again, breaker, room, attempt].filter((part) => part !== undefined) as readonly AnyStrategy[]
  const all = options.fallback === undefined ? made : [options.fallback as AnyStrategy, ...made]
  return new PipelineStrategy({ name, durations: settings.durations }, all, made) as unknown as Pipeline<In, V>
}
