// Makes an HTTP/1 response the last one of its connection: `Connection: close`, and Node hangs up when it is sent.

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

const last = new WeakSet<ServerResponse>()

/** Only before its headers are out. */
export function makeLast(response: ServerResponse): void {
  last.add(response)
  response.shouldKeepAlive = false
  // Proxies copy `Connection: keep-alive` from upstream, SSE tutorials set it by hand; that would overrule shouldKeepAlive.
  // Node calls writeHead() for implicit headers too.
  const { writeHead } = response
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    if (!last.has(response)) return Reflect.apply(writeHead, this, args)
    if (saysKeepAlive(this.getHeader('connection'))) this.setHeader('connection', 'close')
    const rest = args.map((arg) => (typeof arg === 'object' && arg !== null ? closing(arg as Headers) : arg))
    return Reflect.apply(writeHead, this, rest)
  } as typeof writeHead
}

/**
 * Undoes makeLast: another request follows on the connection. The wrapped writeHead stays, idle: middleware (on-headers, under
 * compression and express-session) may have put its own around it.
 */
export function makeOrdinary(response: ServerResponse): void {
  last.delete(response)
  response.shouldKeepAlive = true
}

/** The headers given to writeHead, in any of their three forms, with keep-alive turned into close. */
export function closing(headers: Headers): Headers {
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).map(closingPair))
  if (Array.isArray(headers[0])) return (headers as unknown as [string, unknown][]).map(closingPair) as never
  return headers.map((value, i) => (i % 2 === 1 ? closingPair([String(headers[i - 1]), value])[1] : value))
}

function closingPair<Value>([name, value]: [string, Value]): [string, Value | string] {
  return name.toLowerCase() === 'connection' && saysKeepAlive(value) ? [name, 'close'] : [name, value]
}

function saysKeepAlive(value: unknown): boolean {
  return value !== undefined && /keep-alive/i.test(String(value))
}
