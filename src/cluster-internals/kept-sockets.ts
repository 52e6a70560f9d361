// Workers that accept for themselves, on listening sockets that the supervisor opened and keeps a copy of: one for each slot where
// the app has `reusePort` (the kernel spreads connections over them), one for all under the schedule "shared". Because a copy
// stays here, no socket closes when its worker goes, and the connections in its queue are not reset: in a reload the new worker
// of the slot goes on with the same socket, and after a crash the supervisor itself accepts on it and hands what comes to other
// workers, or lets it wait, until the replacement takes over. Here workers' questions are answered; kept-port.ts does the rest.
//
// Node: lib/internal/cluster/primary.js (queryServer; an `act` that it does not know it ignores, which is how the question is kept
// from it), child.js (shared: a reply with a handle is a socket to accept on, whatever the schedule).

import type { Worker } from 'node:cluster'
import { portOf } from './bind-socket.ts'
import type { ClusterMessage, ListeningHandle } from './cluster-message.ts'
import { KeptPort, type KeptPortOptions, ONE, type PortPlace } from './kept-port.ts'
import type { Tap } from './tap-channel.ts'
import type { WaitingLine } from './waiting-line.ts'

export interface KeptSocketsOptions extends KeptPortOptions {
  readonly newLine: () => WaitingLine
  readonly isDraining: (worker: Worker) => boolean
}

/** On what an app's workers accept for themselves. none: their questions are Node's to answer. */
export type Accepting = 'none' | 'per-slot' | 'one'

export interface SocketPlace {
  readonly app: string
  /** Asked for when it counts: a standby gets one when it is promoted. */
  readonly slot: number
}

interface Question extends ClusterMessage {
  act?: unknown
  readonly flags?: unknown
  readonly data?: unknown
}

/** An unknown `act` to Node. */
const TAKEN_OVER = 'resil.queryServer'

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
      for (const port of [...this.#ports.values()]) port.left(worker, false)
    }
    worker.process.once('exit', gone)
    worker.process.once('disconnect', gone)
    return {
      heard: (message: Question) => {
        if (message.act === 'queryServer' && this.#answer(worker, place, accepting, message)) message.act = TAKEN_OVER
        else if (message.act === 'close' && message.key !== undefined) {
          this.#ports.get(message.key)?.left(worker, !this.#options.isDraining(worker))
        } else if (message.act === 'listening') for (const port of this.#ports.values()) port.askForCopy(worker)
      },
    }
  }

  /** The agent has sent a socket back that its worker got: a fresh copy. */
  returned(worker: Worker, handle: ListeningHandle): void {
    const number = portOf(handle)
    for (const port of this.#ports.values()) if (port.takeCopy(worker, handle, number)) return
    handle.close()
  }

  get waiting(): number {
    return [...this.#ports.values()].reduce((sum, port) => sum + port.waiting, 0)
  }

  /** Looks again whether sockets may stay open. Returns whether it has to look again. */
  review(): boolean {
    return [...this.#ports.values()].filter((port) => port.review()).length > 0
  }

  close(): void {
    for (const port of [...this.#ports.values()]) port.shut()
  }

  /** false: Node may answer it. */
  #answer(worker: Worker, place: SocketPlace, accepting: Exclude<Accepting, 'none'>, question: Question): boolean {
    const asked = portAsked(worker, place.app, question)
    if (asked === undefined) return false
    const { key } = asked
    const port = this.#ports.get(key) ?? this.#newPort(asked)
    const number = accepting === 'one' ? ONE : place.slot
    const opened = port.open(worker, number, accepting === 'per-slot')
    const reply = { cmd: 'NODE_CLUSTER', ack: question.seq, key, data: port.place.data ?? null }
    // The callback takes the error of a closing channel.
    if (typeof opened === 'number') {
      worker.process.send({ ...reply, errno: opened }, () => {})
      return true
    }
    this.#ports.set(key, port)
    port.joined(worker, number)
    worker.process.send({ ...reply, errno: 0 }, opened as never, () => {})
    port.serveWaiting()
    return true
  }

  /** Found by others only once it has a socket. */
  #newPort(place: PortPlace): KeptPort {
    return new KeptPort(place, this.#options.newLine(), this.#options, () => this.#ports.delete(place.key))
  }
}

/** undefined: no TCP port of which a copy can be kept. */
function portAsked(worker: Worker, app: string, question: Question): PortPlace | undefined {
  const { address, port, addressType, fd, index, flags, data } = question
  const isTcp = (addressType === 4 || addressType === 6) && typeof port === 'number' && port >= 0
  if (!isTcp || (typeof fd === 'number' && fd >= 0) || worker.exitedAfterDisconnect) return undefined
  return {
    key: ['resil', app, address, port, addressType, ...(port === 0 ? [index] : [])].join(':'),
    app,
    address: typeof address === 'string' ? address : null,
    addressType,
    flags: typeof flags === 'number' ? flags : 0,
    port,
    data,
  }
}
