// A connection to one worker, although all of them share the port: for probes. It does not go through the port at all: a pair of
// TCP sockets is made over loopback, and the worker is handed one end as a connection of the server in question. So it works
// whatever address or Unix socket the app listens on, under every schedule, and below TLS; and it says something about this
// worker alone. On a Unix socket the app sees a client from 127.0.0.1 instead of a nameless one.
//
// Node: lib/net.js (a listening server's _handle calls its onconnection with each accepted handle).

import type { Worker } from 'node:cluster'
import net from 'node:net'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { NativeHandle, PeerName } from './cluster-message.ts'
import { handOff } from './hand-off.ts'
import type { Outcome } from './rescue.ts'
import type { Serving } from './serving.ts'

export type ProbeConnection =
  /** The worker has taken it. The socket is the caller's, who must destroy it. */
  | { readonly ok: true; readonly socket: net.Socket }
  | {
      readonly ok: false
      /** not-serving: no server of its listens there. refused: it has as many connections as it wants, or no descriptor for one. gone: it died meanwhile.
       *  timed-out: its event loop did not come round to taking it. unavailable: no sockets were to be had here, which is no
       *  fault of the worker's. */
      readonly reason: 'not-serving' | 'refused' | 'gone' | 'timed-out' | 'unavailable'
      /** What to tell of it: "port 3000 is not listened on". */
      readonly message: string
    }

export interface ProbeOptions {
  readonly worker: Worker
  readonly serving: Serving
  /** A port or the path of a Unix socket; null: the first that the worker listens on. */
  readonly endpoint: string | null
  readonly timeoutMs: number
  readonly clock: Clock
}

interface Pair {
  readonly client: net.Socket
  readonly accepted: NativeHandle
}

export async function connectToWorker(options: ProbeOptions): Promise<ProbeConnection> {
  const { worker, serving, endpoint, timeoutMs, clock } = options
  const served = serving.servedBy(worker).find((each) => endpoint === null || each.endpoint === endpoint)
  if (served === undefined) {
    const message = endpoint === null ? 'it listens on nothing' : `${nameOf(endpoint)} is not listened on`
    return { ok: false, reason: 'not-serving', message }
  }
  const until = clock.now() + timeoutMs
  const pair = await madePair()
  if ('error' in pair) {
    return { ok: false, reason: 'unavailable', message: `no connection could be made for the probe: ${pair.error}` }
  }
  const { client, accepted } = pair
  const outcome = await new Promise<Outcome | 'timed-out'>((resolve) => {
    const timer = clock.setTimeout(() => resolve('timed-out'), Math.max(0, until - clock.now()))
    const given = handOff(worker, served.key, accepted, (ended) => {
      timer.cancel()
      accepted.close()
      resolve(ended)
    })
    if (given) return
    timer.cancel()
    accepted.close()
    resolve('lost')
  })
  if (outcome === 'taken') return { ok: true, socket: client }
  client.destroy()
  const where = nameOf(served.endpoint)
  switch (outcome) {
    case 'refused':
      return { ok: false, reason: 'refused', message: `the worker refused a connection on ${where}` }
    case 'lost':
      return { ok: false, reason: 'gone', message: `the worker ended before it took a connection on ${where}` }
    case 'undelivered': {
      const message = `the worker could not receive a connection on ${where}: it has no file descriptor left (EMFILE)`
      return { ok: false, reason: 'refused', message }
    }
    case 'timed-out': {
      const message = `no connection was taken on ${where} within ${timeoutMs} ms: the event loop is busy or blocked`
      return { ok: false, reason: 'timed-out', message }
    }
  }
}

function nameOf(endpoint: string): string {
  return /^\d+$/.test(endpoint) ? `port ${endpoint}` : endpoint
}

async function madePair(): Promise<Pair | { readonly error: string }> {
  try {
    return await makePair('127.0.0.1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') return { error: messageOf(error) }
  }
  // A machine without IPv4.
  return makePair('::1').catch((error) => ({ error: messageOf(error) }))
}

function makePair(host: string): Promise<Pair> {
  return new Promise((resolve, reject) => {
    const server = new net.Server()
    let client: net.Socket | null = null
    const fail = (error: unknown) => {
      server.close()
      client?.destroy()
      reject(error)
    }
    server.on('error', fail)
    server.listen({ port: 0, host, exclusive: true }, () => {
      const { _handle: handle } = server as unknown as { readonly _handle: NativeHandle }
      const { port } = server.address() as net.AddressInfo
      const socket = net.connect({ port, host })
      client = socket
      let accepted: NativeHandle | null = null
      const paired = () => {
        if (accepted === null || socket.connecting) return
        server.close()
        socket.off('error', fail)
        resolve({ client: socket, accepted })
      }
      // Stays: whoever gets the socket may be late with a listener, and a reset by the worker must not be the supervisor's end.
      socket.on('error', () => {})
      socket.once('error', fail)
      socket.once('connect', paired)
      handle.onconnection = (error, connection) => {
        if (connection === undefined) return fail(new Error(`accept failed (${error})`))
        // Somebody else who found the port in the moment that it was open.
        if (!isPeer(connection, socket)) return connection.close()
        accepted = connection
        paired()
      }
    })
  })
}

function isPeer(connection: NativeHandle, socket: net.Socket): boolean {
  const peer: PeerName = {}
  connection.getpeername?.(peer)
  return peer.port === socket.localPort && peer.address === socket.localAddress
}
