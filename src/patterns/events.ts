// What patterns tell: one union, past tense. Every event carries the strategy's name and `at`, wall time in milliseconds.

import { messageOf } from '../errors.ts'
import type { HealthStatus } from './health/report.ts'

type Told<Type extends string, Fields = unknown> = {
  readonly type: Type
  readonly name: string
  readonly at: number
} & Readonly<Fields>

export type OpenCause = 'failures' | 'failure-rate' | 'slow-call-rate' | 'half-open' | 'permit-expired' | 'manual'
export type GaveUpCause = 'attempts' | 'budget' | 'deadline' | 'retry-after' | 'ignored' | 'aborted'

export type PatternEvent =
  | Told<
      'circuitBreaker.opened',
      {
        cause: OpenCause
        openMs: number
        /** The last few, where errors were the reason. */
        errors: readonly unknown[]
      }
    >
  | Told<'circuitBreaker.halfOpened'>
  | Told<'circuitBreaker.closed', { cause: 'probes' | 'manual' }>
  | Told<'circuitBreaker.disabled'>
  | Told<'retry.scheduled', { attempt: number; delayMs: number; error?: unknown }>
  | Told<'retry.gaveUp', { attempts: number; cause: GaveUpCause; error?: unknown }>
  | Told<'bulkhead.rejected', { cause: 'full' | 'wait' }>
  | Told<'rateLimiter.rejected', { retryAfterMs: number }>
  | Told<'adaptiveLimiter.changed', { from: number; to: number }>
  | Told<'adaptiveLimiter.rejected'>
  | Told<'timeout.expired', { timeoutMs: number }>
  | Told<'timeout.abandonedSettled', { afterMs: number }>
  | Told<'hedge.started', { hedge: number }>
  | Told<'hedge.won', { hedge: number }>
  | Told<'fallback.served', { source: 'value' | 'cached' | 'degraded'; ageMs?: number; error?: unknown }>
  | Told<'chaos.injected', { fault: 'error' | 'latency' | 'hang' | 'outcome' }>
  | Told<'health.changed', { check: string; from: HealthStatus; to: HealthStatus; output?: string }>

/** An event as its strategy writes it: name and time are added when it is told. */
export type Untold = PatternEvent extends infer E ? (E extends PatternEvent ? Omit<E, 'name' | 'at'> : never) : never

export type Listener = (event: PatternEvent) => void

/** The listeners of one strategy. */
export class Listeners {
  private list: readonly Entry[] = []

  /** Asked before an event is made: nobody listens, nothing is made. */
  get any(): boolean {
    return this.list.length > 0
  }

  add(listener: Listener): () => void {
    if (typeof listener !== 'function')
      throw new TypeError(`on: the listener must be a function, got ${typeof listener}`)
    const entry = { listener, warned: false }
    this.list = [...this.list, entry]
    return () => {
      this.list = this.list.filter((other) => other !== entry)
    }
  }

  tell(event: PatternEvent): void {
    for (const entry of this.list) {
      try {
        const answer: unknown = entry.listener(event)
        // One that is async would reject unhandled, which ends the process.
        if (answer instanceof Promise) answer.catch((error: unknown) => complain(entry, event, error))
      } catch (error) {
        complain(entry, event, error)
      }
    }
  }

  clear(): void {
    this.list = []
  }
}

interface Entry {
  readonly listener: Listener
  warned: boolean
}

/** Once for each listener: events come in thousands. */
function complain(entry: Entry, event: PatternEvent, error: unknown): void {
  if (entry.warned) return
  entry.warned = true
  warn(`a listener of ${event.name} threw on ${event.type}: ${messageOf(error)}`)
}

interface Warns {
  readonly process?: { emitWarning?(message: string, options: { type: string }): void }
}

/** Where there is a process, as its warning: a listener that throws must not touch the call, nor go unseen. */
function warn(message: string): void {
  ;(globalThis as Warns).process?.emitWarning?.(message, { type: 'ResilWarning' })
}
