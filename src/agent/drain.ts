// Conducts a drain: no server accepts any more, what is in hand gets finished, and what the rules say (drain-rules.ts) is done
// to each connection. When nothing is left, `onDone` is called, once; how the process then ends is decided there (end.ts).

import { Server, type Socket } from 'node:net'
import { messageOf } from '../errors.ts'
import type { DrainListener } from '../protocol/agent-handle.ts'
import { announceEnd } from './announce-end.ts'
import type { Channel } from './channel.ts'
import {
  actionFor,
  type ConnectionView,
  type DrainRequest,
  type DrainTimes,
  drainTimes,
  hurriedTimes,
} from './drain-rules.ts'
import { forgiveLaterCloses } from './internals/forgive-closes.ts'
import { closeIdle, httpServerOf, speaksHttp } from './internals/http-connection.ts'
import type { Servers } from './servers.ts'
import { GOING_AWAY } from './websocket.ts'

const LOOK_EVERY_MS = 50

type IdleCloser = Server & { closeIdleConnections?(): void }

export class Drain {
  readonly #servers: Servers
  readonly #channel: Channel
  readonly #listeners = new Set<DrainListener>()
  /** Listeners of the app that have not settled. */
  #unsettled = 0
  #status:
    | { readonly is: 'off' }
    | {
        readonly is: 'on'
        readonly startedAt: number
        times: DrainTimes
        readonly request: DrainRequest
        readonly end: () => void
      }
    | { readonly is: 'done'; readonly request: DrainRequest } = { is: 'off' }
  /** Node's own closeIdleConnections of each server that was closed here. */
  readonly #closeIdle = new Map<Server, () => void>()
  readonly #told = new WeakSet<Socket>()
  /** null: it has not come to that. */
  #cutOff: number | null = null

  constructor(servers: Servers, channel: Channel) {
    this.#servers = servers
    this.#channel = channel
  }

  get begun(): boolean {
    return this.#status.is !== 'off'
  }

  /** Connections that had something in hand when the time was up. */
  get cutOff(): number {
    return this.#cutOff ?? 0
  }

  /** Begun already: hurries it, and `onDone` stays the first one's. */
  begin(request: DrainRequest, onDone: (request: DrainRequest) => void): void {
    if (this.#status.is === 'on') {
      this.#status.times = hurriedTimes(this.#status.times, request, performance.now() - this.#status.startedAt)
    }
    if (this.#status.is !== 'off') return
    const release = this.#channel.hold()
    // Connections, or the held channel, keep the process alive; the timer must not, once they are gone.
    const looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
    const end = () => {
      clearInterval(looking)
      this.#status = { is: 'done', request }
      onDone(request)
      release()
    }
    this.#status = { is: 'on', startedAt: performance.now(), times: drainTimes(request), request, end }
    announceEnd(this.#servers)
    forgiveLaterCloses(this.#closeIdle)
    for (const server of this.#servers.open) this.stopAccepting(server)
    // After the servers: a listener that closes them by itself is to find them closed.
    // A copy: one that is added by another runs as it is added.
    for (const listener of [...this.#listeners]) this.#run(listener, request)
    this.look()
  }

  /** One that only now listens: it was asked to before the drain began. */
  stopAccepting(server: Server): void {
    if (!this.begun || this.#closeIdle.has(server)) return
    const idleCloser = server as IdleCloser
    const { closeIdleConnections } = idleCloser
    this.#closeIdle.set(server, () => closeIdleConnections?.call(server))
    // http's own close() would first cut off every idle connection, with the request that may be in its buffer; so would the
    // app's own close() in an onDrain listener.
    if (closeIdleConnections) idleCloser.closeIdleConnections = () => {}
    Server.prototype.close.call(server)
  }

  onBegin(listener: DrainListener): () => void {
    this.#listeners.add(listener)
    if (this.#status.is === 'on') this.#run(listener, this.#status.request)
    return () => this.#listeners.delete(listener)
  }

  /** Something may have changed. */
  look(): void {
    // After a poll: what had arrived by now has been read, so a connection that still seems idle is.
    if (this.#status.is === 'on') setImmediate(() => this.#act())
  }

  #act(): void {
    if (this.#status.is !== 'on') return
    const { startedAt, times, end } = this.#status
    const elapsedMs = performance.now() - startedAt
    const sockets = [...this.#servers.secured.all(), ...this.#servers.accepted.all()]
    if (elapsedMs >= times.cutAtMs) this.#cutOff ??= this.#countInHand()
    for (const socket of sockets) this.#treat(socket, elapsedMs, times)
    if (elapsedMs >= times.idleWaitMs) this.#closeIdleConnections(sockets)
    for (const session of this.#servers.http2Sessions.all()) {
      // GOAWAY names the last stream that is served: what the client sent after it, it may safely send elsewhere. A notice
      // before that (RFC 9113, 6.8) is out of reach: nghttp2 ignores new streams after any goaway() of Node's.
      const unused = session.state.lastProcStreamID === 0
      if (!unused || elapsedMs >= times.silentWaitMs) session.close()
    }
    if (this.#unsettled > 0 && elapsedMs < times.cutAtMs) return
    if (this.#servers.open.size === 0 && this.#servers.accepted.size === 0) end()
  }

  #treat(socket: Socket, elapsedMs: number, times: DrainTimes): void {
    switch (actionFor(this.#view(socket), elapsedMs, times)) {
      case 'leave':
        break
      case 'tell-going-away':
        this.#told.add(socket)
        if (socket.writable) socket.write(GOING_AWAY)
        break
      case 'hang-up':
        socket.end()
        break
      case 'destroy':
        socket.destroy()
        break
    }
  }

  /** Idle ones have been closed before, and a WebSocket that was told to go is answered for by its client. */
  #countInHand(): number {
    const isInHand = (socket: Socket): boolean => {
      const view = this.#view(socket)
      return view.kind !== 'silent' && !(view.kind === 'websocket' && view.told)
    }
    const secured = this.#servers.secured.all()
    // Below each secured one lies an accepted one.
    const plain = this.#servers.accepted.all().filter(isInHand).length - secured.length
    return secured.filter(isInHand).length + Math.max(0, plain)
  }

  #view(socket: Socket): ConnectionView {
    if (socket.bytesRead === 0 && socket.bytesWritten === 0) return { kind: 'silent' }
    const upgrade = this.#servers.upgradeOf(socket)
    if (upgrade?.protocol === 'websocket') {
      const open = socket.bytesWritten > upgrade.bytesWrittenBefore
      return { kind: 'websocket', open, told: this.#told.has(socket) }
    }
    return { kind: speaksHttp(socket) ? 'http' : 'other' }
  }

  #closeIdleConnections(sockets: readonly Socket[]): void {
    closeIdle(() => this.#closeIdleOf(sockets), sockets)
  }

  #closeIdleOf(sockets: readonly Socket[]): void {
    for (const close of this.#closeIdle.values()) close()
    // An http server without a port of its own, fed with another server's connections.
    for (const server of new Set(sockets.map(httpServerOf))) {
      if (server && !this.#closeIdle.has(server)) (server as IdleCloser).closeIdleConnections?.()
    }
  }

  #run(listener: DrainListener, { deadlineMs, signal }: DrainRequest): void {
    this.#unsettled += 1
    const settled = () => {
      this.#unsettled -= 1
      this.look()
    }
    const failed = (error: unknown) => {
      const detail = (error instanceof Error && error.stack) || String(error)
      process.emitWarning(`an onDrain() listener failed: ${messageOf(error)}`, { code: 'RESIL_ON_DRAIN', detail })
      settled()
    }
    new Promise<void>((resolve) => resolve(listener({ deadlineMs, signal }))).then(settled, failed)
  }
}
