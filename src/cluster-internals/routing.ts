// Decides whether a connection is Node's to distribute, or goes straight to a worker that is chosen here: because other workers of
// the port are out of rotation or can't receive one, or because its app is sticky. What no chosen worker takes, Node distributes
// after all.
//
// Node: lib/internal/cluster/round_robin_handle.js. Node gives a worker its next connection when it has answered for the one
// before; one that it gives to a worker out of rotation is taken back before it is written.

import type { Worker } from 'node:cluster'
import type { Clock } from '../clock.ts'
import { byClient, clientOf, leastBusy } from './choose-worker.ts'
import type { NativeHandle, PeerName } from './cluster-message.ts'
import { handOff } from './hand-off.ts'
import { forgetSending, type Outcome, type Rescue } from './rescue.ts'
import type { Serving } from './serving.ts'
import type { Tap } from './tap-channel.ts'

export interface WorkerPlace {
  readonly app: string
  /** Asked for when it counts: a standby gets one when it is promoted. */
  readonly slot: number
  /** The same client address gets the same slot. */
  readonly sticky: boolean
}

/** Where a connection came from, and goes when no worker took it. */
export interface Origin {
  /** All who were asked refused. */
  readonly nobodyTook: (connection: NativeHandle) => void
  /** Its worker died before it took it. */
  readonly lost: (connection: NativeHandle) => void
}

interface Member extends WorkerPlace {
  readonly id: number
  readonly worker: Worker
  readonly unanswered: number
}

/** A worker that had no descriptor for a connection is tried with another one after so long. */
const DEAF_FOR_MS = 1_000

/** Of Node's connections only where workers are out of rotation, or sticky. */
type When = 'always' | 'where it matters'

const refusedBy: unique symbol = Symbol('workers that refused it')

interface Routed extends NativeHandle {
  [refusedBy]?: Set<Worker>
}

export class Routing {
  readonly #serving: Serving
  /** Of what Node accepts. */
  readonly #node: Origin
  readonly #members = new Map<Worker, Member>()
  readonly #out = new Set<Worker>()
  readonly #clock: Clock
  /** Workers that could not receive a connection, for want of descriptors: until when they are not tried again. */
  readonly #deafUntil = new Map<Worker, number>()
  readonly #missed = new Map<Worker, number>()
  #stickyMembers = 0
  #lastId = 0

  constructor(serving: Serving, node: Origin, clock: Clock) {
    this.#serving = serving
    this.#node = node
    this.#clock = clock
  }

  add(worker: Worker, place: WorkerPlace, rescue: Rescue): void {
    const { app, sticky } = place
    this.#members.set(worker, {
      app,
      get slot() {
        return place.slot
      },
      sticky,
      worker,
      id: worker.id,
      get unanswered() {
        return rescue.unanswered
      },
    })
    if (sticky) this.#stickyMembers += 1
    worker.process.once('exit', () => {
      this.#members.delete(worker)
      this.#out.delete(worker)
      this.#deafUntil.delete(worker)
      this.#missed.delete(worker)
      if (sticky) this.#stickyMembers -= 1
    })
  }

  setRotation(worker: Worker, inRotation: boolean): void {
    if (inRotation) this.#out.delete(worker)
    else if (this.#members.has(worker)) this.#out.add(worker)
  }

  /** A connection did not reach the worker. Under every schedule: it may have been one of a probe. */
  noteUndelivered(worker: Worker): void {
    if (!this.#members.has(worker)) return
    this.#deafUntil.set(worker, this.#clock.now() + DEAF_FOR_MS)
    this.#missed.set(worker, this.missedBy(worker) + 1)
  }

  /** Connections that have not reached it so far. */
  missedBy(worker: Worker): number {
    return this.#missed.get(worker) ?? 0
  }

  /** Nobody of those who serve it could receive a connection now. */
  nobodyHears(key: string): boolean {
    if (this.#deafUntil.size === 0) return false
    const workers = this.#serving.workersOf(key).filter((worker) => this.#members.has(worker))
    return workers.length > 0 && workers.every((worker) => this.#isDeaf(worker))
  }

  #isDeaf(worker: Worker): boolean {
    const until = this.#deafUntil.get(worker)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#deafUntil.delete(worker)
    return false
  }

  /** Must hear before those who remember what was written. */
  tap(worker: Worker): Tap {
    return {
      sent: (seq, key, connection) => {
        if (!this.#out.has(worker) && !this.#isDeaf(worker)) return true
        // Below 0 it is our own.
        if (key === undefined || seq < 0) return true
        // With nobody left to take it, it is taken back to wait.
        const goesElsewhere = this.#choose(key, connection, 'where it matters') !== undefined || this.nobodyHears(key)
        if (!goesElsewhere) return true
        queueMicrotask(() => {
          forgetSending(worker, seq, connection)
          if (!this.route(key, connection)) this.#node.nobodyTook(connection)
        })
        return false
      },
    }
  }

  /** false: it is Node's to distribute. */
  route(key: string, connection: NativeHandle): boolean {
    if (this.#out.size === 0 && this.#deafUntil.size === 0 && this.#stickyMembers === 0) return false
    return this.#send(key, connection, this.#node, 'where it matters')
  }

  /** One that Node knows nothing of. false: nobody is left to take it. */
  give(key: string, connection: NativeHandle, origin: Origin): boolean {
    return this.#send(key, connection, origin, 'always')
  }

  #send(key: string, connection: NativeHandle, origin: Origin, when: When): boolean {
    for (;;) {
      const chosen = this.#choose(key, connection, when)
      if (chosen === undefined) return false
      const { worker, id } = chosen
      const ended = (outcome: Outcome): void => {
        switch (outcome) {
          case 'taken':
            return connection.close()
          case 'lost':
            return origin.lost(connection)
          // It takes none now, and may take this one later.
          case 'undelivered':
            if (!this.#send(key, connection, origin, when)) origin.nobodyTook(connection)
            return
          case 'refused':
            refusersOf(connection).add(worker)
            if (!this.#send(key, connection, origin, when)) origin.nobodyTook(connection)
        }
      }
      if (handOff(worker, key, connection, ended)) {
        this.#lastId = id
        return true
      }
      refusersOf(connection).add(worker)
    }
  }

  /** undefined: there is no choice to make, or nobody left to choose. */
  #choose(key: string, connection: NativeHandle, when: When): Member | undefined {
    const members = this.#serving.workersOf(key).flatMap((worker) => this.#members.get(worker) ?? [])
    const hearing = members.filter(({ worker }) => !this.#isDeaf(worker))
    const inRotation = hearing.filter(({ worker }) => !this.#out.has(worker))
    // When all are out the cause is likelier a common one than theirs: everybody counts as in.
    const chosenAmong = inRotation.length === 0 ? hearing : inRotation
    const sticky = members.at(-1)?.sticky === true
    if (chosenAmong.length === members.length && !sticky && when !== 'always') return undefined
    const refusers = (connection as Routed)[refusedBy]
    const candidates = chosenAmong.filter(({ worker }) => !refusers?.has(worker))
    const client = sticky ? addressOf(connection) : undefined
    return client === undefined ? leastBusy(candidates, this.#lastId) : byClient(candidates, client)
  }
}

function refusersOf(connection: Routed): Set<Worker> {
  connection[refusedBy] ??= new Set()
  return connection[refusedBy]
}

/** undefined: it has none, as on a Unix socket, or is gone already. */
function addressOf(connection: NativeHandle): string | undefined {
  const peer: PeerName = {}
  connection.getpeername?.(peer)
  return peer.address === undefined ? undefined : clientOf(peer.address)
}
