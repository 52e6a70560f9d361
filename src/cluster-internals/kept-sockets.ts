// Workers that accept for themselves, on listening sockets that the supervisor opened and keeps a copy of: one for each slot where
// the app has `reusePort` (the kernel spreads connections over them), one for all under the schedule "shared". Because a copy
// stays here, no socket closes when its worker goes, and the connections in its queue are not reset: in a reload the new worker
// of the slot goes on with the same socket, and after a crash the supervisor itself accepts on it and hands what comes to other
// workers, or lets it wait, until the replacement takes over.
//
// libuv can't stop listening without closing. So once the supervisor has accepted on its copy, it needs a fresh one: when the
// replacement listens, its agent is asked to send the socket back, which makes a copy; until then both accept.
//
// Node: lib/internal/cluster/primary.js (queryServer; an `act` that it does not know it ignores, which is how the question is kept
// from it), child.js (shared: a reply with a handle is a socket to accept on, whatever the schedule), lib/net.js
// (_createServerHandle binds without listening; checkBindError). libuv: uv_tcp_flags in uv.h.

import type { Worker } from 'node:cluster'
import net from 'node:net'
import { constants } from 'node:os'
import type { Clock } from '../clock.ts'
import { AGENT_COMMAND } from '../protocol/agent-command.ts'
import type { ClusterMessage, ListeningHandle, NativeHandle } from './cluster-message.ts'
import type { Routing } from './routing.ts'
import type { Tap } from './tap-channel.ts'
import { EXIT_KNOWN_AFTER_MS, type WaitingLine } from './waiting-line.ts'

/** UV_TCP_REUSEPORT: libuv >= 1.49, Node >= 22.12. */
const REUSE_PORT = 2
const BACKLOG = 511
const IN_USE = -constants.errno.EADDRINUSE

export interface KeptSocketsOptions {
  readonly routing: Routing
  readonly newLine: () => WaitingLine
  readonly clock: Clock
  readonly isKept: (app: string) => boolean
  readonly mayHold: (app: string) => boolean
  readonly isDraining: (worker: Worker) => boolean
  readonly hasSlot: (app: string, slot: number) => boolean
  readonly rescued: () => void
  /** There is something to review from now on. */
  readonly unsettled: () => void
}

/** On what an app's workers accept for themselves. none: their questions are Node's to answer. */
export type Accepting = 'none' | 'per-slot' | 'one'

export interface SocketPlace {
  readonly app: string
  /** Asked for when it counts: a standby gets one when it is promoted. */
  readonly slot: number
}

interface KeptSocket {
  handle: ListeningHandle
  /** passive: workers accept on it. accepting: so does the supervisor, for want of a worker. */
  status: 'passive' | 'accepting'
}

interface KeptPort {
  /** What workers call the socket that they got. */
  readonly key: string
  readonly app: string
  readonly address: string | null
  readonly addressType: number
  readonly flags: number
  /** Becomes the actual one where any was asked for. */
  port: number
  /** What the first worker's server wants all to share, such as the keys of TLS tickets. */
  readonly data: unknown
  readonly sockets: Map<number, KeptSocket>
  readonly users: Map<Worker, number>
  readonly line: WaitingLine
  /** When it lost its last worker. */
  lostAt: number
}

interface Question extends ClusterMessage {
  act?: unknown
  readonly flags?: unknown
  readonly data?: unknown
}

/** An unknown `act` to Node. */
const TAKEN_OVER = 'resil.queryServer'
/** The number of a socket that belongs to no slot. */
const ONE = -1

export class KeptSockets {
  readonly #options: KeptSocketsOptions
  readonly #ports = new Map<string, KeptPort>()

  constructor(options: KeptSocketsOptions) {
    this.#options = options
  }

  /** Before Node hears, and after those who need to know the question. */
  tap(worker: Worker, place: SocketPlace, accepting: Accepting): Tap {
    if (accepting === 'none') return {}
    const gone = () => {
      for (const port of [...this.#ports.values()]) this.#left(port, worker, false)
    }
    worker.process.once('exit', gone)
    worker.process.once('disconnect', gone)
    return {
      heard: (message: Question) => {
        if (message.act === 'queryServer' && this.#answer(worker, place, accepting, message)) message.act = TAKEN_OVER
        else if (message.act === 'close' && message.key !== undefined) {
          const port = this.#ports.get(message.key)
          if (port !== undefined) this.#left(port, worker, !this.#options.isDraining(worker))
        } else if (message.act === 'listening') this.#askForCopies(worker)
      },
    }
  }

  /** The agent has sent a socket back that its worker got: a fresh copy. */
  returned(worker: Worker, handle: ListeningHandle): void {
    const name: { port?: number } = {}
    handle.getsockname?.(name)
    for (const port of this.#ports.values()) {
      const number = port.users.get(worker)
      const socket = number === undefined ? undefined : port.sockets.get(number)
      if (socket?.status !== 'accepting' || port.port !== name.port) continue
      socket.handle.close()
      socket.handle = handle
      socket.status = 'passive'
      return
    }
    handle.close()
  }

  get waiting(): number {
    return [...this.#ports.values()].reduce((sum, { line }) => sum + line.length, 0)
  }

  /** Looks again whether sockets may stay open. Returns whether it has to look again. */
  review(): boolean {
    const { mayHold, clock } = this.#options
    for (const port of [...this.#ports.values()]) {
      port.line.expire()
      const sinceMs = clock.now() - port.lostAt
      if (port.users.size === 0 && sinceMs >= EXIT_KNOWN_AFTER_MS && !mayHold(port.app)) this.#shut(port)
      else for (const number of this.#unused(port)) this.#retireIfGone(port, number)
    }
    return [...this.#ports.values()].some((port) => port.line.length > 0 || this.#unused(port).length > 0)
  }

  close(): void {
    for (const port of [...this.#ports.values()]) this.#shut(port)
  }

  /** false: Node may answer it. */
  #answer(worker: Worker, place: SocketPlace, accepting: Exclude<Accepting, 'none'>, question: Question): boolean {
    const { address, port: asked, addressType, fd, index, flags, seq, data } = question
    const isTcp = (addressType === 4 || addressType === 6) && typeof asked === 'number' && asked >= 0
    if (!isTcp || (typeof fd === 'number' && fd >= 0) || worker.exitedAfterDisconnect) return false
    const key = ['resil', place.app, address, asked, addressType, ...(asked === 0 ? [index] : [])].join(':')
    const port: KeptPort = this.#ports.get(key) ?? {
      key,
      app: place.app,
      address: typeof address === 'string' ? address : null,
      addressType,
      flags: typeof flags === 'number' ? flags : 0,
      port: asked,
      data,
      sockets: new Map(),
      users: new Map(),
      line: this.#options.newLine(),
      lostAt: 0,
    }
    const number = accepting === 'one' ? ONE : place.slot
    // Its second server on one port.
    const opened = port.users.has(worker) ? IN_USE : this.#open(port, number, accepting === 'per-slot')
    const reply = { cmd: 'NODE_CLUSTER', ack: seq, key, data: port.data ?? null }
    // The callback takes the error of a closing channel.
    if (typeof opened === 'number') {
      worker.process.send({ ...reply, errno: opened }, () => {})
      return true
    }
    this.#ports.set(key, port)
    port.users.set(worker, number)
    worker.process.send({ ...reply, errno: 0 }, opened.handle as never, () => {})
    for (const connection of port.line.takeAll()) this.#receive(port, connection)
    return true
  }

  #askForCopies(worker: Worker): void {
    for (const port of this.#ports.values()) {
      const number = port.users.get(worker)
      if (number === undefined || port.sockets.get(number)?.status !== 'accepting') continue
      worker.process.send({ cmd: AGENT_COMMAND, act: 'return-socket', port: port.port }, () => {})
    }
  }

  #open(port: KeptPort, number: number, reuse: boolean): KeptSocket | number {
    const present = port.sockets.get(number)
    if (present !== undefined) return present
    const { address, addressType, flags } = port
    if (reuse && port.sockets.size === 0) {
      // With SO_REUSEPORT alone, another app (or program) of the same user would share the port without a word.
      const alone = bind(address, port.port, addressType, flags)
      if (typeof alone === 'number') return alone
      alone.close()
    }
    const handle = bind(address, port.port, addressType, reuse ? flags | REUSE_PORT : flags)
    if (typeof handle === 'number') return handle
    port.port = portOf(handle)
    const socket: KeptSocket = { handle, status: 'passive' }
    port.sockets.set(number, socket)
    return socket
  }

  #left(port: KeptPort, worker: Worker, ownWish: boolean): void {
    const number = port.users.get(worker)
    if (number === undefined) return
    port.users.delete(worker)
    port.lostAt = this.#options.clock.now()
    if (port.users.size === 0 && (ownWish || !this.#options.isKept(port.app))) {
      this.#shut(port)
      return
    }
    for (const unused of this.#unused(port)) this.#takeOver(port, unused)
  }

  /** Numbers of sockets on which no worker accepts. */
  #unused(port: KeptPort): number[] {
    const used = new Set(port.users.values())
    return [...port.sockets.keys()].filter((number) => !used.has(number))
  }

  #takeOver(port: KeptPort, number: number): void {
    this.#options.unsettled()
    const socket = port.sockets.get(number)
    if (socket === undefined || socket.status === 'accepting') return
    socket.status = 'accepting'
    socket.handle.onconnection = (_error, connection) => {
      if (connection !== undefined) this.#receive(port, connection)
    }
    socket.handle.listen(BACKLOG)
  }

  #receive(port: KeptPort, connection: NativeHandle): void {
    const nobodyTook = () => {
      // Those who are there are full, or about to close.
      if (port.users.size > 0 || this.#ports.get(port.key) !== port) return connection.close()
      port.line.add(connection)
      this.#options.unsettled()
    }
    const lost = () => {
      this.#options.rescued()
      this.#receive(port, connection)
    }
    if (!this.#options.routing.give(port.key, connection, { nobodyTook, lost })) nobodyTook()
  }

  /** What is in the queue of a slot that is gone is handed out first, as far as it can be seen. */
  #retireIfGone(port: KeptPort, number: number): void {
    const { isKept, hasSlot } = this.#options
    const gone = number !== ONE && !hasSlot(port.app, number)
    const socket = port.sockets.get(number)
    if (socket === undefined || port.users.size === 0 || (isKept(port.app) && !gone)) return
    port.sockets.delete(number)
    const { handle } = socket
    let quiet = true
    handle.onconnection = (_error, connection) => {
      quiet = false
      if (connection !== undefined) this.#receive(port, connection)
    }
    // setImmediate runs after each poll: one without a connection has found the queue empty.
    const look = () => {
      if (quiet) {
        handle.close()
        return
      }
      quiet = true
      setImmediate(look)
    }
    setImmediate(look)
  }

  #shut(port: KeptPort): void {
    this.#ports.delete(port.key)
    port.line.giveUpAll()
    for (const { handle } of port.sockets.values()) handle.close()
    port.sockets.clear()
  }
}

/** A bound socket that does not listen yet, or the error's number. */
function bind(address: string | null, port: number, addressType: number, flags: number): ListeningHandle | number {
  const { _createServerHandle } = net as unknown as {
    _createServerHandle(
      address: string | null,
      port: number,
      type: number,
      fd: null,
      flags: number,
    ): ListeningHandle | number
  }
  const handle = _createServerHandle(address, port, addressType, null, flags)
  // A port in use is told by listen() only; until then the socket is bound to none.
  if (typeof handle === 'number' || port === 0 || portOf(handle) === port) return handle
  handle.close()
  return IN_USE
}

function portOf(handle: ListeningHandle): number {
  const name: { port?: number } = {}
  handle.getsockname?.(name)
  return name.port ?? 0
}
