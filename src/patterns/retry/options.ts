// The options of a retry: checked, with defaults, and the guide's own spelling turned into them.

import {
  booleanOption,
  COMMON_KEYS,
  type CommonOptions,
  checkClassicKeys,
  checkKeys,
  checkObject,
  functionOption,
  numberOption,
} from '../options.ts'
import type { Classify, Outcome } from '../pipeline/call.ts'
import { type Backoff, backoffOption, exponentialBackoff, LONGEST_MS } from './backoff.ts'
import type { RetryRules } from './decide.ts'
import type { RetryBudget } from './retry-budget.ts'

export interface RetryOptions<In = unknown> extends CommonOptions {
  readonly classify?: Classify<In> | undefined
  /** Calls in all, the first included. Default 3 (AWS SDKs, resilience4j). */
  readonly maxAttempts?: number | undefined
  /** Default exponentialBackoff(). */
  readonly backoff?: Backoff | undefined
  /** Default none here; pipeline.standard has one. */
  readonly budget?: RetryBudget | undefined
  /** Abandons one attempt. Default Infinity. */
  readonly attemptTimeoutMs?: number | undefined
  /** What the server asked for; replaces the backoff's delay if longer. Default reads Retry-After (seconds, dates) off Response and errors. */
  readonly retryAfterMs?: ((outcome: Outcome<In>) => number | undefined) | undefined
  /** Asked to wait longer than this, or past the deadline: give up now. Default 60_000. */
  readonly maxRetryAfterMs?: number | undefined
  /** Gets a result that is retried away, to release what it holds (a response's body). */
  readonly discard?: ((value: In) => void) | undefined
  readonly maxRetries?: undefined
}

/** The guide's own spelling, a closed shape. */
export interface ClassicRetryOptions {
  readonly name?: string | undefined
  /** Retries after the first call. */
  readonly maxRetries: number
  /** Milliseconds. */
  readonly baseDelay?: number | undefined
  /** Milliseconds. */
  readonly maxDelay?: number | undefined
  /** true is 'full'. Default true. */
  readonly jitter?: boolean | undefined
}

const CLASSIC_KEYS = ['name', 'maxRetries', 'baseDelay', 'maxDelay', 'jitter']
const KEYS = [
  ...COMMON_KEYS,
  'classify',
  'maxAttempts',
  'backoff',
  'budget',
  'attemptTimeoutMs',
  'retryAfterMs',
  'maxRetryAfterMs',
  'discard',
]

/** The classic spelling in today's words. */
export function modernRetry<In>(options: RetryOptions<In> | ClassicRetryOptions): RetryOptions<In> {
  checkObject('retry', options)
  return options.maxRetries === undefined ? options : fromClassic(options)
}

function fromClassic(options: ClassicRetryOptions): RetryOptions {
  checkClassicKeys(
    'retry',
    options,
    CLASSIC_KEYS,
    KEYS,
    'maxAttempts (all calls) and backoff: exponentialBackoff() instead',
  )
  const { name, maxRetries, baseDelay, maxDelay } = options
  numberOption('retry', 'baseDelay', baseDelay, 0, { min: 0, max: LONGEST_MS })
  numberOption('retry', 'maxDelay', maxDelay, 0, { min: baseDelay ?? 0, max: LONGEST_MS })
  const jitter = booleanOption('retry', 'jitter', options.jitter, true) ? 'full' : 'none'
  return {
    name,
    maxAttempts: numberOption('retry', 'maxRetries', maxRetries, 0, { min: 0, max: 1e6, integer: true }) + 1,
    backoff: exponentialBackoff({ initialMs: baseDelay, maxMs: maxDelay, jitter }),
  }
}

/** Of the options, what decide.ts goes by. */
export function rulesOf(options: RetryOptions<never>): RetryRules {
  checkKeys('retry', options, KEYS)
  return {
    maxAttempts: numberOption('retry', 'maxAttempts', options.maxAttempts, 3, { min: 1, integer: true }),
    backoff: options.backoff === undefined ? exponentialBackoff() : backoffOption('retry', 'backoff', options.backoff),
    maxRetryAfterMs: numberOption('retry', 'maxRetryAfterMs', options.maxRetryAfterMs, 60_000, { min: 0 }),
    random: functionOption('retry', 'random', options.random) ?? Math.random,
  }
}
