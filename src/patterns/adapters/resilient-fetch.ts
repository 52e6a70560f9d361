// fetch through a standard pipeline of its own for each origin, so that one host's trouble is not another's.
// A failure is a network error, 408, 429, 500 or 502–504. After the last attempt you get that Response, not an error.

import { type Clock, systemClock } from '../../clock.ts'
import type { CircuitBreakerOptions } from '../circuit-breaker/options.ts'
import { Lru } from '../lru.ts'
import type { PipelineMetrics } from '../metrics.ts'
import { checkKeys, functionOption, numberOption } from '../options.ts'
import type { Call } from '../pipeline/call.ts'
import { type AnyStrategy, type Pipeline, PipelineStrategy } from '../pipeline/pipeline.ts'
import { STANDARD_KEYS, type StandardOptions, standardBreaker, standardParts } from '../pipeline/standard.ts'
import { ResilienceError } from '../resilience-error.ts'
import { bodyGuard } from './body-deadline.ts'
import { classifyResponse, RETRY_METHODS, type Sendable, sendableOf } from './fetch-classify.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface FetchOptions extends StandardOptions<Response, Response> {
  /** Default the global one. */
  readonly fetch?: Fetch | undefined
  /** The idle and least recent go. Default 1_000. */
  readonly maxOrigins?: number | undefined
  /** Default GET, HEAD, OPTIONS, PUT, DELETE; any method with Idempotency-Key is retried too. Never a body that is a stream. */
  readonly retryMethods?: readonly string[] | undefined
}

export type ResilientFetch = Fetch & {
  metrics(): { readonly [origin: string]: PipelineMetrics }
  dispose(): void
}

const OF = 'resilientFetch'
const KEYS = [...STANDARD_KEYS, 'fetch', 'maxOrigins', 'retryMethods']

/** Both share all but the retry. */
interface Origin {
  readonly retrying: Pipeline<Response>
  readonly once: Pipeline<Response>
}

export function resilientFetch(options: FetchOptions = {}): ResilientFetch {
  checkKeys(OF, options, KEYS)
  const { fetch: given, maxOrigins, retryMethods, ...standard } = options
  functionOption(OF, 'fetch', given)
  const clock: Clock = options.clock ?? systemClock
  const totalTimeoutMs = options.totalTimeoutMs ?? 30_000
  const methods = new Set((retryMethods ?? RETRY_METHODS).map((method) => method.toUpperCase()))
  const origins = new Lru<Origin>(numberOption(OF, 'maxOrigins', maxOrigins, 1000, { min: 1, integer: true }))

  const originOf = (origin: string): Origin => {
    const known = origins.get(origin)
    if (known !== undefined) return known
    const made = makeOrigin(origin, standard)
    for (const gone of origins.set(origin, made, isIdle)) dispose(gone)
    return made
  }

  const send = async (
    input: string | URL | Request,
    init: RequestInit | undefined,
    to: Sendable,
    until: number,
    call: Call,
  ) => {
    const late = (): unknown =>
      new ResilienceError('RESIL_TIMEOUT', {
        strategy: 'timeout',
        strategyName: `${to.url.origin}.total`,
        message: `the body of ${to.method} ${to.url.origin} was not complete after ${totalTimeoutMs} ms`,
      })
    const guard = bodyGuard(clock, until - clock.now(), call.signal, to.signal, late)
    try {
      return guard.guard(await (given ?? globalThis.fetch)(input, { ...init, signal: guard.signal }))
    } catch (error) {
      guard.end()
      throw error
    }
  }

  const resilient = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const to = sendableOf(input, init)
    if (to === undefined) return (given ?? globalThis.fetch)(input, init)
    const { retrying, once } = originOf(to.url.origin)
    const again = !to.streams && (methods.has(to.method) || to.idempotencyKey)
    const until = clock.now() + totalTimeoutMs
    const callOptions = to.signal === undefined ? undefined : { signal: to.signal }
    return (again ? retrying : once).execute((call) => send(input, init, to, until, call), callOptions)
  }

  return Object.assign(resilient, {
    metrics: () =>
      Object.fromEntries([...origins].map(([origin, { retrying, once }]) => [origin, sum(retrying, once)])),
    dispose: () => {
      for (const [, origin] of origins) dispose(origin)
      origins.clear()
    },
  })
}

function makeOrigin(origin: string, options: StandardOptions<Response, Response>): Origin {
  const judged = {
    ...options,
    retry: options.retry === false ? (false as const) : { classify: classifyResponse, discard, ...options.retry },
    circuitBreaker:
      options.circuitBreaker === false
        ? (false as const)
        : {
            classify: classifyResponse,
            ...((options.circuitBreaker ?? standardBreaker()) as CircuitBreakerOptions<Response>),
          },
  }
  const parts = standardParts<Response>(origin, judged)
  const outer = options.fallback === undefined ? [] : [options.fallback]
  const inner = [parts.breaker, parts.bulkhead, parts.attempt].filter((part) => part !== undefined)
  const again = parts.retry === undefined ? [] : [parts.retry]
  const made = [parts.total, ...again, ...inner] as readonly AnyStrategy[]
  const plain = [...outer, parts.total, ...inner] as readonly AnyStrategy[]
  const name = { name: origin, durations: options.durations }
  return {
    retrying: new PipelineStrategy(
      name,
      [...outer, ...made] as readonly AnyStrategy[],
      made,
    ) as unknown as Pipeline<Response>,
    once: new PipelineStrategy(name, plain) as unknown as Pipeline<Response>,
  }
}

/** A response that is retried away: its connection is free again only when the body is let go. */
function discard(response: Response): void {
  void response.body?.cancel().catch(() => {})
}

function isIdle({ retrying, once }: Origin): boolean {
  return retrying.metrics().inFlight + once.metrics().inFlight === 0
}

function dispose({ retrying, once }: Origin): void {
  retrying.dispose()
  once.dispose()
}

function sum(retrying: Pipeline<Response>, once: Pipeline<Response>): PipelineMetrics {
  const [a, b] = [retrying.metrics(), once.metrics()]
  return {
    ...a,
    success: a.success + b.success,
    failure: a.failure + b.failure,
    degraded: a.degraded + b.degraded,
    inFlight: a.inFlight + b.inFlight,
  }
}
