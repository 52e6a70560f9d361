// Knows the app's servers, their connections and their count of requests, whatever made them: http, https, http2, raw net.
// It only watches, through the one door that all their events pass: emit() of net.Server. Listeners would change the app
// (one for 'upgrade' makes Node accept upgrades) and could be counted. What follows from it is decided by who subscribes.

import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import { Server, type Socket } from 'node:net'
import { imitate } from './internals/imitate.ts'
import { LiveSet } from './live-set.ts'

export interface Upgrade {
  readonly protocol: 'websocket' | 'other'
  /** More than that, and the app has answered. */
  readonly bytesWrittenBefore: number
}

/** An 'error' of listen() or bind(): the server does not listen. */
export interface FailedListen {
  readonly code: string
  readonly port: number | null
  readonly address: string | null
}

export class Servers {
  /** Listening, or closed with connections left. */
  readonly open = new Set<Server>()
  /** As accepted. Under TLS the app's side of it is in `secured`. */
  readonly accepted = new LiveSet<Socket>(isDestroyed)
  readonly secured = new LiveSet<Socket>(isDestroyed)
  readonly http2Sessions = new LiveSet<ServerHttp2Session>(isDestroyed)
  readonly #upgrades = new WeakMap<object, Upgrade>()
  /** Begun so far. */
  requests = 0
  everListened = false
  onListening: ((server: Server) => void) | null = null
  onClosed: (() => void) | null = null
  onFailed: ((failure: FailedListen) => void) | null = null

  upgradeOf(socket: Socket): Upgrade | null {
    return this.#upgrades.get(socket) ?? null
  }

  /** From now on sees what the servers of this process do. */
  watch(): void {
    const emit: (this: Server, event: string, ...args: unknown[]) => boolean = Server.prototype.emit
    const servers = this
    // Once or twice per connection: a list of the rest, spread again, would be felt there.
    Server.prototype.emit = imitate(function (this: Server, event: string, first?: unknown, second?: unknown): boolean {
      servers.#before(this, event, first, second)
      // biome-ignore lint/complexity/noArguments: as they are
      const handled: boolean = Reflect.apply(emit, this, arguments)
      if (event === 'listening') servers.#listening(this)
      else if (event === 'close') servers.#closed(this)
      return handled
    }, emit)
  }

  #before(server: Server, event: string, first: unknown, second: unknown): void {
    switch (event) {
      case 'connection':
        this.accepted.add(first as Socket)
        break
      case 'secureConnection':
        this.secured.add(first as Socket)
        break
      case 'session':
        this.http2Sessions.add(first as ServerHttp2Session)
        break
      case 'request':
      case 'checkContinue':
      case 'checkExpectation':
        this.requests += 1
        break
      case 'stream':
        // With the http-like API of http2, 'request' follows.
        if (server.listenerCount('request') === 0) this.requests += 1
        break
      case 'upgrade':
      case 'connect':
        this.#upgrade(first as IncomingMessage, second as Socket)
        break
      case 'error':
        this.#failed(server, first as NodeJS.ErrnoException & { port?: number; address?: string })
        break
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket): void {
    this.requests += 1
    const protocol = request.headers?.upgrade?.toLowerCase() === 'websocket' ? 'websocket' : 'other'
    this.#upgrades.set(socket, { protocol, bytesWrittenBefore: socket.bytesWritten })
  }

  #failed(server: Server, error: NodeJS.ErrnoException & { port?: number; address?: string }): void {
    if (server.listening || typeof error?.code !== 'string' || typeof error.syscall !== 'string') return
    // Node reports a Unix socket as address with port -1.
    const port = typeof error.port === 'number' && error.port >= 0 ? error.port : null
    this.onFailed?.({ code: error.code, port, address: error.address ?? null })
  }

  #listening(server: Server): void {
    this.everListened = true
    this.open.add(server)
    this.onListening?.(server)
  }

  #closed(server: Server): void {
    if (this.open.delete(server)) this.onClosed?.()
  }
}

function isDestroyed({ destroyed }: { readonly destroyed: boolean }): boolean {
  return destroyed
}
