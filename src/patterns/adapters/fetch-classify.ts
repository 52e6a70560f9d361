// Which requests may be sent twice, and which responses are failures.

import type { Outcome, Verdict } from '../pipeline/call.ts'

/** RFC 9110, 9.2.2: idempotent. */
export const RETRY_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']
/** What may well be different next time; the other 5xx are answers. */
const FAILED_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

export function classifyResponse(outcome: Outcome<Response>): Verdict {
  if (!outcome.ok) return isMisuse(outcome.error) ? 'ignore' : 'failure'
  return FAILED_STATUS.has(outcome.value.status) ? 'failure' : 'success'
}

/** A bad URL or a forbidden header: fetch throws a TypeError for these too, but only a network error has a cause. */
function isMisuse(error: unknown): boolean {
  return error instanceof TypeError && error.cause === undefined
}

export interface Sendable {
  readonly url: URL
  readonly method: string
  /** Can be sent only once. */
  readonly streams: boolean
  readonly idempotencyKey: boolean
  readonly signal: AbortSignal | undefined
}

/** Undefined where fetch itself should say what is wrong with it. */
export function sendableOf(input: string | URL | Request, init: RequestInit | undefined): Sendable | undefined {
  const request = typeof input === 'string' || input instanceof URL ? undefined : input
  const url = URL.canParse(String(request?.url ?? input)) ? new URL(String(request?.url ?? input)) : undefined
  if (url === undefined) return undefined
  const body: unknown = init?.body ?? request?.body
  const headers = new Headers(init?.headers ?? request?.headers)
  return {
    url,
    method: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
    streams: isStream(body),
    idempotencyKey: headers.has('idempotency-key'),
    // As fetch has it: null takes the signal of a Request away.
    signal: (init?.signal === undefined ? request?.signal : init.signal) ?? undefined,
  }
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  return 'getReader' in body || Symbol.asyncIterator in body
}
