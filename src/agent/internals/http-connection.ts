// What lib/_http_server.js keeps on a server's socket: `_httpMessage`, the response being sent, and `parser`, whose `incoming`
// is the last request begun. Both undocumented, both there since Node 0.x; where they are gone, a drain merely takes a
// connection for one of an unknown protocol, or leaves a live response as it is.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'

interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
  readonly server?: Server | null
}

/** Whether HTTP/1 is spoken on it; no more so after an upgrade. */
export function speaksHttp(socket: Socket): boolean {
  return Boolean((socket as HttpSocket).parser)
}

/**
 * The response that the connection is busy with. null as well when more requests wait behind it (pipelining): those were
 * accepted too, and a response that announces the connection's end would be its last.
 */
export function soleResponse(socket: Socket): ServerResponse | null {
  const { _httpMessage: response, parser } = socket as HttpSocket
  return response && parser?.incoming === response.req ? response : null
}

/** The http server that serves it, which need not be the one that accepted it. */
export function httpServerOf(socket: Socket): Server | null {
  return (socket as HttpSocket).server ?? null
}

/**
 * Runs Node's closeIdleConnections(), which takes a response for sent as soon as the app has ended it (`finished` in
 * lib/_http_server.js): a reader slower than the app would lose the rest. What is still being written is left open.
 */
export function closeIdle(close: () => void, sockets: readonly Socket[]): void {
  const sending = sockets.filter(({ writableLength }) => writableLength > 0)
  for (const socket of sending) socket.destroy = () => socket
  close()
  for (const socket of sending) Reflect.deleteProperty(socket, 'destroy')
}
