// One port whose workers accept for themselves: its sockets, who uses which, and what is accepted in a worker's place. Which
// question belongs to which port, and what is answered, is kept-sockets.ts's.
//
// libuv can't stop listening without closing. So once the supervisor has accepted on its copy, it needs a fresh one: when the
// replacement listens, its agent is asked to send the socket back, which makes a copy; until then both accept.

import type { Worker } from 'node:cluster'
import type { Clock } from '../clock.ts'
import { AGENT_COMMAND } from '../protocol/agent-command.ts'
import { bindSocket, IN_USE, portOf, REUSE_PORT } from './bind-socket.ts'
import type { ListeningHandle, NativeHandle } from './cluster-message.ts'
import type { Routing } from './routing.ts'
import { EXIT_KNOWN_AFTER_MS, type WaitingLine } from './waiting-line.ts'

const BACKLOG = 511
/** The number of a socket that belongs to no slot. */
export const ONE = -1

export interface KeptPortOptions {
  readonly routing: Routing
  readonly clock: Clock
  readonly isKept: (app: string) => boolean
  readonly mayHold: (app: string) => boolean
  readonly hasSlot: (app: string, slot: number) => boolean
  readonly rescued: () => void
  /** There is something to review from now on. */
  readonly unsettled: () => void
}

/** What the first worker asked for. */
export interface PortPlace {
  /** What workers call the socket that they got. */
  readonly key: string
  readonly app: string
  readonly address: string | null
  readonly addressType: number
  readonly flags: number
  readonly port: number
  /** What the first worker's server wants all to share, such as the keys of TLS tickets. */
  readonly data: unknown
}

interface KeptSocket {
  handle: ListeningHandle
  /** passive: workers accept on it. accepting: so does the supervisor, for want of a worker. */
  status: 'passive' | 'accepting'
}

export class KeptPort {
  readonly place: PortPlace
  readonly #options: KeptPortOptions
  readonly #line: WaitingLine
  readonly #gone: () => void
  readonly #sockets = new Map<number, KeptSocket>()
  readonly #users = new Map<Worker, number>()
  /** The actual one, where any was asked for. */
  #port: number
  /** When it lost its last worker. */
  #lostAt = 0
  #isShut = false

  /** `gone`: nobody shall find it any more. */
  constructor(place: PortPlace, line: WaitingLine, options: KeptPortOptions, gone: () => void) {
    this.place = place
    this.#port = place.port
    this.#line = line
    this.#options = options
    this.#gone = gone
  }

  get waiting(): number {
    return this.#line.length
  }

  /** A socket for this worker, or why there is none, as an error's number. */
  open(worker: Worker, number: number, reuse: boolean): ListeningHandle | number {
    // Its second server on one port.
    if (this.#users.has(worker)) return IN_USE
    const present = this.#sockets.get(number)
    if (present !== undefined) return present.handle
    const { address, addressType, flags } = this.place
    if (reuse && this.#sockets.size === 0) {
      // With SO_REUSEPORT alone, another app (or program) of the same user would share the port without a word.
      const alone = bindSocket(address, this.#port, addressType, flags)
      if (typeof alone === 'number') return alone
      alone.close()
    }
    const handle = bindSocket(address, this.#port, addressType, reuse ? flags | REUSE_PORT : flags)
    if (typeof handle === 'number') return handle
    this.#port = portOf(handle)
    this.#sockets.set(number, { handle, status: 'passive' })
    return handle
  }

  /** The worker has been given the socket of that number. */
  joined(worker: Worker, number: number): void {
    this.#users.set(worker, number)
  }

  /** Somebody is there for those who have waited. */
  serveWaiting(): void {
    for (const connection of this.#line.takeAll()) this.#receive(connection)
  }

  /** The worker listens: if its socket is also accepted on here, a fresh copy is wanted. */
  askForCopy(worker: Worker): void {
    if (this.#socketOf(worker)?.status !== 'accepting') return
    worker.process.send({ cmd: AGENT_COMMAND, act: 'return-socket', port: this.#port }, () => {})
  }

  /** Whether `handle`, bound to `port`, is the copy that was asked for. If so it is taken. */
  takeCopy(worker: Worker, handle: ListeningHandle, port: number): boolean {
    const socket = this.#socketOf(worker)
    if (socket?.status !== 'accepting' || this.#port !== port) return false
    socket.handle.close()
    socket.handle = handle
    socket.status = 'passive'
    return true
  }

  left(worker: Worker, ownWish: boolean): void {
    if (!this.#users.delete(worker)) return
    this.#lostAt = this.#options.clock.now()
    if (this.#users.size === 0 && (ownWish || !this.#options.isKept(this.place.app))) {
      this.shut()
      return
    }
    for (const unused of this.#unused()) this.#takeOver(unused)
  }

  /** Looks again whether sockets may stay open. Returns whether it has to look again. */
  review(): boolean {
    const { mayHold, clock } = this.#options
    this.#line.expire()
    const sinceMs = clock.now() - this.#lostAt
    if (this.#users.size === 0 && sinceMs >= EXIT_KNOWN_AFTER_MS && !mayHold(this.place.app)) this.shut()
    else for (const number of this.#unused()) this.#retireIfGone(number)
    return this.#line.length > 0 || this.#unused().length > 0
  }

  shut(): void {
    this.#isShut = true
    this.#gone()
    this.#line.giveUpAll()
    for (const { handle } of this.#sockets.values()) handle.close()
    this.#sockets.clear()
  }

  #socketOf(worker: Worker): KeptSocket | undefined {
    const number = this.#users.get(worker)
    return number === undefined ? undefined : this.#sockets.get(number)
  }

  /** Numbers of sockets on which no worker accepts. */
  #unused(): number[] {
    const used = new Set(this.#users.values())
    return [...this.#sockets.keys()].filter((number) => !used.has(number))
  }

  #takeOver(number: number): void {
    this.#options.unsettled()
    const socket = this.#sockets.get(number)
    if (socket === undefined || socket.status === 'accepting') return
    socket.status = 'accepting'
    socket.handle.onconnection = (_error, connection) => {
      if (connection !== undefined) this.#receive(connection)
    }
    socket.handle.listen(BACKLOG)
  }

  #receive(connection: NativeHandle): void {
    const nobodyTook = () => {
      // Those who are there are full, or about to close.
      if (this.#users.size > 0 || this.#isShut) return connection.close()
      this.#line.add(connection)
      this.#options.unsettled()
    }
    const lost = () => {
      this.#options.rescued()
      this.#receive(connection)
    }
    if (!this.#options.routing.give(this.place.key, connection, { nobodyTook, lost })) nobodyTook()
  }

  /** What is in the queue of a slot that is gone is handed out first, as far as it can be seen. */
  #retireIfGone(number: number): void {
    const { isKept, hasSlot } = this.#options
    const { app } = this.place
    const gone = number !== ONE && !hasSlot(app, number)
    const socket = this.#sockets.get(number)
    if (socket === undefined || this.#users.size === 0 || (isKept(app) && !gone)) return
    this.#sockets.delete(number)
    const { handle } = socket
    let quiet = true
    handle.onconnection = (_error, connection) => {
      quiet = false
      if (connection !== undefined) this.#receive(connection)
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
}
