// resil's own errors as answers of an HTTP server: 503 for what was not tried, 504 for what took too long. Never 429: the
// client did nothing wrong.

import { isResilienceError, type ResilienceCode } from '../resilience-error.ts'

export interface HttpError {
  readonly status: 503 | 504
  readonly headers: { readonly 'retry-after'?: string }
  readonly body: { readonly code: ResilienceCode; readonly message: string }
}

/** Undefined for all other errors, chaos included: that is to be handled like what it pretends to be. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  if (!isResilienceError(error) || error.code === 'RESIL_CHAOS') return undefined
  const { code, retryAfterMs = 1000 } = error
  // The message names strategies, which are nobody's business outside.
  if (code === 'RESIL_TIMEOUT')
    return { status: 504, headers: {}, body: { code, message: 'A dependency took too long.' } }
  // Whole seconds, at least one: 0 would ask for a storm.
  const seconds = Number.isFinite(retryAfterMs) ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 60
  return {
    status: 503,
    headers: { 'retry-after': String(seconds) },
    body: { code, message: 'Not available just now.' },
  }
}

interface ExpressResponse {
  readonly headersSent: boolean
  status(code: number): unknown
  setHeader(name: string, value: string): unknown
  json(body: unknown): unknown
}

/** Error middleware: put it after the routes. */
export function expressErrors(): (
  error: unknown,
  request: object,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => void {
  return (error, _request, response, next) => {
    const answer = httpErrorOf(error)
    if (answer === undefined || response.headersSent) return next(error)
    response.status(answer.status)
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
    response.json(answer.body)
  }
}

interface FastifyReply {
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(body?: unknown): unknown
}

/** For setErrorHandler. */
export function fastifyErrors(): (error: unknown, request: object, reply: FastifyReply) => void {
  return (error, _request, reply) => {
    const answer = httpErrorOf(error)
    if (answer === undefined) {
      reply.send(error)
      return
    }
    reply.code(answer.status)
    for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value)
    reply.send(answer.body)
  }
}
