// Once a drain has begun, every HTTP response that can still say so becomes the last of its connection. How a response says it is
// last-response.ts's; what becomes of connections that say nothing, drain-rules.ts's.

import diagnostics from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { soleResponse } from './internals/http-connection.ts'
import { makeLast, makeOrdinary } from './last-response.ts'
import type { Servers } from './servers.ts'

/** Node publishes it as soon as a request's headers are parsed, before the app sees it (lib/_http_server.js). */
const REQUEST_START = 'http.server.request.start'

/** The responses in hand, and all that follow. */
export function announceEnd(servers: Servers): void {
  const marked = new WeakMap<Socket, ServerResponse>()

  function mark(socket: Socket, response: ServerResponse): void {
    // Pipelined behind one that was to be the last: the turn is passed on.
    const before = marked.get(socket)
    if (before && !before.headersSent) makeOrdinary(before)
    marked.set(socket, response)
    makeLast(response)
  }

  for (const socket of [...servers.secured.all(), ...servers.accepted.all()]) {
    const response = soleResponse(socket)
    if (response && !response.headersSent) mark(socket, response)
  }
  diagnostics.subscribe(REQUEST_START, (message) => {
    const { socket, response } = message as { socket: Socket; response: ServerResponse }
    mark(socket, response)
  })
}
