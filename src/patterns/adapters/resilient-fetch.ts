// fetch through a standard pipeline of its own for each origin, so that one host's trouble is not another's.
// A failure is a network error, 408, 429, 500 or 502–504. After the last attempt you get that Response, not an error.

import { type Clock, systemClock } from '../../clock.ts'
import { Lru } from '../lru.ts'
import type { PipelineMetrics } from '../metrics.ts'
import { checkKeys, functionOption, numberOption, show, withDefaults } from '../options.ts'
import type { Call } from '../pipeline/call.ts'
import { type AnyStrategy, type Pipeline, PipelineStrategy } from '../pipeline/pipeline.ts'
import { standardParts } from '../pipeline/standard.ts'
import {
  STANDARD_KEYS,
  type StandardOptions,
  type StandardSettings,
  standardSettings,
} from '../pipeline/standard-settings.ts'
import type { Strategy } from '../pipeline/strategy.ts'
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
  const { fallback } = options
  const given = functionOption(OF, 'fetch', options.fetch)
  const settings = judged(standardSettings<Response>(OF, options))
  refuseCached(fallback)
  const clock: Clock = settings.clock ?? systemClock
  const { totalTimeoutMs } = settings
  const methods = methodsOf(options.retryMethods)
  const origins = new Lru<Origin>(numberOption(OF, 'maxOrigins', options.maxOrigins, 1000, { min: 1, integer: true }))

  let disposed = false
  const originOf = (origin: string): Origin => {
    const known = origins.get(origin)
    if (known !== undefined) return known
    const made = makeOrigin(origin, settings, fallback)
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
    const guard = bodyGuard(clock, until, call.signal, to.signal, late)
    try {
      const response = await (given ?? globalThis.fetch)(input, { ...init, signal: guard.signal })
      // Too late, from a fetch that does not heed its signal: nobody will read it.
      if (guard.signal.aborted) discard(response)
      return guard.guard(response)
    } catch (error) {
      guard.end()
      throw error
    }
  }

  const resilient = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const to = sendableOf(input, init)
    if (to === undefined) return (given ?? globalThis.fetch)(input, init)
    if (disposed) throw new ResilienceError('RESIL_DISPOSED', { strategy: 'pipeline', strategyName: OF })
    const { retrying, once } = originOf(to.url.origin)
    const again = !to.streams && (methods.has(to.method) || to.idempotencyKey)
    const until = clock.now() + totalTimeoutMs
    const callOptions = to.signal === undefined ? undefined : { signal: to.signal }
    let sent: Response | undefined
    const response = await (again ? retrying : once).execute(async (call) => {
      sent = await send(input, init, to, until, call)
      return sent
    }, callOptions)
    return response === sent || fallback === undefined ? response : instead(response, sent)
  }

  return Object.assign(resilient, {
    metrics: () =>
      Object.fromEntries([...origins].map(([origin, { retrying, once }]) => [origin, sum(retrying, once)])),
    dispose: () => {
      disposed = true
      for (const [, origin] of origins) dispose(origin)
      origins.clear()
    },
  })
}

/** The standard's settings, and what fetch knows of responses. */
function judged(settings: StandardSettings<Response>): StandardSettings<Response> {
  const { retry, circuitBreaker } = settings
  return {
    ...settings,
    retry: retry && withDefaults({ classify: classifyResponse, discard }, retry),
    circuitBreaker: circuitBreaker && withDefaults({ classify: classifyResponse }, circuitBreaker),
  }
}

function makeOrigin(
  origin: string,
  settings: StandardSettings<Response>,
  fallback: Strategy<Response, Response> | undefined,
): Origin {
  const parts = standardParts<Response>(origin, settings)
  const inner = [parts.breaker, parts.bulkhead, parts.attempt].filter((part) => part !== undefined)
  const outer = fallback === undefined ? [] : [fallback]
  const again = parts.retry === undefined ? [] : [parts.retry]
  const made = [parts.total, ...again, ...inner] as readonly AnyStrategy[]
  const plain = [...outer, parts.total, ...inner] as readonly AnyStrategy[]
  const name = { name: origin, durations: settings.durations }
  return {
    retrying: new PipelineStrategy(
      name,
      [...outer, ...made] as readonly AnyStrategy[],
      made,
    ) as unknown as Pipeline<Response>,
    once: new PipelineStrategy(name, plain) as unknown as Pipeline<Response>,
  }
}

function methodsOf(methods: readonly string[] | undefined): ReadonlySet<string> {
  const names: unknown = methods ?? RETRY_METHODS
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new TypeError(`${OF}: retryMethods must be an array such as ["GET", "PUT"], got ${show(methods)}`)
  }
  return new Set(names.map((method: string) => method.toUpperCase()))
}

/** A Response can be read only once: the one that is kept would be empty for whoever is served next. */
function refuseCached(strategy: AnyStrategy | undefined): void {
  if (strategy === undefined) return
  if (strategy.kind === 'pipeline') for (const inner of (strategy as Pipeline).strategies) refuseCached(inner)
  if (!('clear' in strategy)) return
  throw new TypeError(
    `${OF}: fallback.cached() cannot keep a Response, which is read only once; put it around what you read (the JSON)`,
  )
}

/** A fallback's answer in place of what was sent: it is given to many, and a body can be read only once. */
function instead(response: Response, sent: Response | undefined): Response {
  // Unless the answer is made of it.
  if (sent !== undefined && sent.body !== response.body) discard(sent)
  return response.clone()
}

/** A response that nobody will read: its connection is free again only when the body is let go. */
function discard(response: Response): void {
  const body = response.body as Partial<ReadableStream & { destroy(): void }> | null
  if (typeof body?.cancel === 'function') void body.cancel().catch(() => {})
  // Of another kind than fetch's (node-fetch).
  else body?.destroy?.()
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
