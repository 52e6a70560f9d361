// One port of round robin, from its first worker to its last. When that goes, Node closes the listening socket, and clients are
// refused for as long as the restart takes; here it stays open while a replacement is due, and what connects waits in a line for
// the next worker; so it does while none of its workers can receive one. Which question belongs to which port is held-ports.ts's.
//
// Node: lib/internal/cluster/round_robin_handle.js (takes the server's _handle at 'listening', sets its onconnection; remove()
// closes the queued connections, then the handle).

import type { Worker } from 'node:cluster'
import type net from 'node:net'
import type { Clock } from '../clock.ts'
import type { NativeHandle } from './cluster-message.ts'
import type { Cures } from './cures.ts'
import { closeForGood, listenOn, restoreClose } from './native-handle.ts'
import { wasTaken } from './rescue.ts'
import type { Routing } from './routing.ts'
import { EXIT_KNOWN_AFTER_MS, type WaitingLine } from './waiting-line.ts'

/** A worker's `queryServer`. */
export interface Question {
  readonly app: string
  readonly key: string
  readonly worker: Worker
  readonly seq: number | undefined
}

export interface PortOptions {
  readonly routing: Routing
  readonly clock: Clock
  readonly cures: Cures
  readonly isKept: (app: string) => boolean
  readonly mayHold: (app: string) => boolean
  /** Whether Node works on a close() of the app's own, in this very tick. */
  readonly isOwnClose: () => boolean
  /** There is something to review from now on. */
  readonly unsettled: () => void
}

const portOf: unique symbol = Symbol('port')

interface Accepted extends NativeHandle {
  [portOf]?: HeldPort
  readonly __proto__?: NativeHandle
}

/** Of a connection that round robin accepted; others have none. */
export function heldPortOf(connection: NativeHandle): HeldPort | undefined {
  return (connection as Accepted)[portOf]
}

export class HeldPort {
  /** The worker's question that made Node open it; its answer tells Node's own name of it. */
  question: Question
  nodeKey: string | null = null
  /** Closed by RoundRobinHandle.remove a moment before it closes the listening handle. */
  readonly orphans: NativeHandle[] = []
  readonly #options: PortOptions
  readonly #line: WaitingLine
  readonly #gone: () => void
  #handle: NativeHandle | null = null
  /** Node's own way of giving a connection to a worker. */
  #distribute: ((connection: NativeHandle) => void) | null = null
  #status: 'binding' | 'open' | 'held' | 'closed' = 'binding'
  /** When it was held for want of a worker. */
  #heldSince = 0

  /** `gone`: nobody shall find it any more. */
  constructor(question: Question, line: WaitingLine, options: PortOptions, gone: () => void) {
    this.question = question
    this.#line = line
    this.#options = options
    this.#gone = gone
  }

  get waiting(): number {
    return this.#line.length
  }

  /** A RoundRobinHandle makes its server: it gets the held socket where there is one, and its handle is watched from then on. */
  adopt(server: net.Server): void {
    const handle = this.#handle
    if (this.#status === 'held' && handle !== null) {
      this.#status = 'binding'
      server.listen = function listenOnHeld(options: { backlog?: number }) {
        Reflect.deleteProperty(server, 'listen')
        restoreClose(handle)
        return listenOn(server, handle, options?.backlog)
      } as typeof server.listen
    }
    server.once('error', () => {
      this.#status = 'closed'
      this.#gone()
      this.#line.giveUpAll()
    })
    server.once('listening', () => {
      // RoundRobinHandle takes it in a listener of its own, which runs after this one.
      const { _handle: opened } = server as unknown as { readonly _handle: NativeHandle | null }
      if (opened === null) this.#gone()
      else process.nextTick(() => this.#opened(opened))
    })
  }

  /** Refused by those who were chosen for it. */
  distribute(connection: NativeHandle): void {
    if (this.#status === 'open' && !this.#isDeaf()) this.#distribute?.(connection)
    else this.receive(connection)
  }

  /** A connection without a worker, wherever the port stands now. */
  receive(connection: NativeHandle): void {
    if (this.#status === 'open') this.#handle?.onconnection?.(0, connection)
    else if (this.#status === 'closed') closeForGood(connection)
    else this.#wait(connection)
  }

  /** Returns whether it has to be looked at again. */
  review(): boolean {
    const { clock, mayHold } = this.#options
    const isKnown = clock.now() - this.#heldSince >= EXIT_KNOWN_AFTER_MS
    if (this.#status === 'held' && isKnown && !mayHold(this.question.app)) this.letGo()
    this.#line.expire()
    if (this.#status === 'open' && this.#line.length > 0 && !this.#isDeaf())
      for (const connection of this.#line.takeAll()) this.receive(connection)
    return this.#status === 'held' || this.#line.length > 0
  }

  /** Closes the socket, if it is open for want of a worker only. */
  letGo(): void {
    if (this.#status === 'held' && this.#handle !== null) this.#shut(this.#handle)
  }

  #opened(handle: NativeHandle): void {
    const { cures, routing } = this.#options
    const distribute = handle.onconnection
    if (distribute === undefined) {
      cures.turnOff('holdTheDoor', 'keeps accepted connections elsewhere than in onconnection')
      return
    }
    this.#handle = handle
    this.#distribute = (connection) => distribute.call(handle, 0, connection)
    this.#status = 'open'
    handle.onconnection = (error, connection) => {
      if (connection !== undefined) {
        if (this.#isDeaf()) return this.#wait(connection)
        this.#guard(connection)
        if (this.nodeKey !== null && routing.route(this.nodeKey, connection)) return
      }
      distribute.call(handle, error, connection)
    }
    handle.close = () => this.#lostLastWorker(handle)
    for (const connection of this.#line.takeAll()) handle.onconnection(0, connection)
  }

  /** None of its workers has a descriptor for a connection: it waits, since one that is written would be lost on its way. */
  #isDeaf(): boolean {
    return this.nodeKey !== null && this.#options.routing.nobodyHears(this.nodeKey)
  }

  /** RoundRobinHandle.remove closes what it had queued; only connections that a worker has taken may really be closed. */
  #guard(connection: Accepted): void {
    connection[portOf] = this
    connection.close = closeOrKeep
  }

  #lostLastWorker(handle: NativeHandle): void {
    const { isOwnClose, isKept, clock, unsettled } = this.#options
    const orphans = this.orphans.splice(0)
    if (isOwnClose() || !isKept(this.question.app)) {
      for (const connection of orphans) closeForGood(connection)
      this.#shut(handle)
      return
    }
    this.#status = 'held'
    this.#heldSince = clock.now()
    handle.onconnection = (error, connection) => {
      if (!error && connection !== undefined) this.#wait(connection)
    }
    for (const connection of orphans) this.#wait(connection)
    unsettled()
  }

  #wait(connection: NativeHandle): void {
    this.#guard(connection)
    this.#line.add(connection)
    this.#options.unsettled()
  }

  #shut(handle: NativeHandle): void {
    this.#status = 'closed'
    this.#gone()
    this.#line.giveUpAll()
    closeForGood(handle)
  }
}

function closeOrKeep(this: Accepted, done?: () => void): void {
  const port = this[portOf]
  if (wasTaken(this) || port === undefined) closeForGood(this, done)
  else port.orphans.push(this)
}
