// The forms of an answer: text, JSON, and the one form of an error. Nothing of what went wrong inside shows but its message.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf, ResilError, type ResilErrorCode } from '../../errors.ts'

export type RefusalReason = 'host' | 'origin' | 'token' | 'no-token-configured' | 'busy' | 'bad-request'

/** A request that is not answered with what it asked for. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** For the metric; null: the ordinary mistakes of callers are not counted. */
  readonly reason: RefusalReason | null

  constructor(
    status: number,
    code: string,
    message: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly reason?: RefusalReason } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = options.headers ?? {}
    this.reason = options.reason ?? null
  }
}

const STATUS_OF: Readonly<Partial<Record<ResilErrorCode, number>>> = {
  RESIL_BAD_REQUEST: 400,
  RESIL_USAGE: 400,
  RESIL_UNKNOWN_TARGET: 404,
  RESIL_NOT_PERMITTED: 403,
  RESIL_BUSY: 409,
  RESIL_CONFIG: 422,
  RESIL_NO_SUPERVISOR: 503,
  RESIL_TIMEOUT: 504,
}

/** Whatever was thrown, as an answer. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  return error instanceof ResilError
    ? new Refusal(STATUS_OF[error.code as ResilErrorCode] ?? 500, error.code, error.message)
    : new Refusal(500, 'RESIL_INTERNAL', messageOf(error))
}

const COMMON = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // No page of another origin may show or read it.
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
}

export function respondText(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  send(response, status, body, `${type}; charset=utf-8`, {})
}

export function respondJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(response, status, `${JSON.stringify(value, null, 2)}\n`, 'application/json', headers)
}

export function respondRefusal(response: ServerResponse, { status, code, message, headers }: Refusal): void {
  respondJson(response, status, { error: { code, message } }, headers)
}

/** Headers of an answer that goes on. */
export function startStream(response: ServerResponse, type: string): void {
  response.writeHead(200, { ...COMMON, 'content-type': type })
  response.flushHeaders()
}

export function wantsJson(request: IncomingMessage): boolean {
  return /\bapplication\/json\b/.test(request.headers.accept ?? '')
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    ...COMMON,
    ...headers,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  })
  // Node leaves the body of an answer to HEAD out.
  response.end(body)
}
