// Errors that the patterns raise themselves: why a call was not made, not waited for, or made to fail.
// No stack is taken: a rejection is an expected answer, made at the busiest of times, and a stack is ten times its price.

import { ResilError } from '../errors.ts'
import type { StrategyKind } from './strategy-kind.ts'

/** Not made: they say nothing about the dependency, so breakers and retries ignore them. */
export type RejectionCode =
  | 'RESIL_CIRCUIT_OPEN'
  | 'RESIL_BULKHEAD_FULL'
  | 'RESIL_QUEUE_TIMEOUT'
  | 'RESIL_RATE_LIMITED'
  | 'RESIL_LIMIT_EXCEEDED'
  | 'RESIL_THROTTLED'
  | 'RESIL_DISPOSED'

/** These two are failures: they say something about the dependency, or pretend to. */
export type ResilienceCode = RejectionCode | 'RESIL_TIMEOUT' | 'RESIL_CHAOS'

export interface ResilienceErrorFields {
  readonly strategy: StrategyKind
  readonly strategyName: string
  readonly message?: string
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

const brand: unique symbol = Symbol.for('resil.ResilienceError')

/** `name` is 'TimeoutError' for RESIL_TIMEOUT, as AbortSignal.timeout() has it. */
export class ResilienceError extends ResilError<ResilienceCode> {
  readonly [brand] = true
  readonly strategy: StrategyKind
  readonly strategyName: string
  /** When it may be worth trying again, in whole milliseconds: set for open circuits and rate limits. */
  readonly retryAfterMs: number | undefined

  constructor(code: ResilienceCode, fields: ResilienceErrorFields) {
    const limit = Error.stackTraceLimit
    withStackTraceLimit(0)
    super(
      code,
      fields.message ?? describe(code, fields),
      fields.cause === undefined ? undefined : { cause: fields.cause },
    )
    withStackTraceLimit(limit)
    this.name = code === 'RESIL_TIMEOUT' ? 'TimeoutError' : 'ResilienceError'
    this.strategy = fields.strategy
    this.strategyName = fields.strategyName
    this.retryAfterMs = fields.retryAfterMs === undefined ? undefined : Math.ceil(fields.retryAfterMs)
  }
}

/** By brand, not instanceof: two copies of the library agree. */
export function isResilienceError<C extends ResilienceCode = ResilienceCode>(
  error: unknown,
  code?: C,
): error is ResilienceError & { readonly code: C } {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as ResilienceError).code === code
}

/** One of resil's own answers instead of a call. */
export function isRejection(error: unknown): error is ResilienceError & { readonly code: RejectionCode } {
  return isResilienceError(error) && error.code !== 'RESIL_TIMEOUT' && error.code !== 'RESIL_CHAOS'
}

function withStackTraceLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // Frozen intrinsics: then there is a stack.
  }
}

function describe(code: ResilienceCode, { strategy, strategyName, retryAfterMs }: ResilienceErrorFields): string {
  const again = retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(retryAfterMs)} ms`
  return `${strategy} "${strategyName}" ${WHAT_HAPPENED[code]}${again}`
}

const WHAT_HAPPENED: Readonly<Record<ResilienceCode, string>> = {
  RESIL_CIRCUIT_OPEN: 'is open: the call was not made',
  RESIL_BULKHEAD_FULL: 'is full: the call was not made',
  RESIL_QUEUE_TIMEOUT: 'kept the call waiting for too long: it was not made',
  RESIL_RATE_LIMITED: 'is over its rate: the call was not made',
  RESIL_LIMIT_EXCEEDED: 'is at its limit: the call was not made',
  RESIL_THROTTLED: 'holds calls back because too many fail: the call was not made',
  RESIL_DISPOSED: 'was disposed of: the call was not made',
  RESIL_TIMEOUT: 'ended the call: it took too long',
  RESIL_CHAOS: 'injected this failure',
}
