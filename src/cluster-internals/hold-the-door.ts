// Holds the door: when the last worker of a port goes, Node's primary closes the listening socket, and clients are refused for as
// long as the restart takes. Here the socket stays open while a replacement is due, what connects meanwhile waits in a bounded
// queue, and the next worker that listens on the same port gets all of it.
//
// Node: lib/internal/cluster/primary.js (queryServer makes a RoundRobinHandle at the first question for a key, and
// removeHandlesForWorker drops it with its last worker); round_robin_handle.js (calls net.createServer, takes the server's
// _handle at 'listening', sets its onconnection; remove() closes the queued connections, then the handle).
// Whoever changes this: net.createServer is looked up at each call there, which is what lets us in.

import type { Worker } from 'node:cluster'
import net from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import { isolatePorts } from './app-ports.ts'
import type { ListeningHandle, NativeHandle } from './cluster-message.ts'
import type { Cures } from './cures.ts'
import { type Accepting, KeptSockets } from './kept-sockets.ts'
import { connectToWorker, type ProbeConnection } from './probe-connection.ts'
import { rescueConnections, wasTaken } from './rescue.ts'
import { Routing, type WorkerPlace } from './routing.ts'
import { Serving } from './serving.ts'
import { type Tap, tapChannel } from './tap-channel.ts'
import { EXIT_KNOWN_AFTER_MS, WaitingLine } from './waiting-line.ts'

export interface DoorOptions {
  /** Whether the app is kept alive at all. Asked in the very moment in which a port loses its last worker, when no exit is known yet. */
  readonly isKept: (app: string) => boolean
  /** Whether a replacement boots, or will within LONGEST_HOLD_MS. Asked ever after. */
  readonly mayHold: (app: string) => boolean
  /** Whether the app itself closed its server, rather than a drain that resil asked for. */
  readonly isDraining: (worker: Worker) => boolean
  /** Whether there is, or will be, a worker in that slot. */
  readonly hasSlot: (app: string, slot: number) => boolean
  readonly schedule: 'round-robin' | 'shared'
  readonly cures: Cures
  readonly clock: Clock
}

export interface DoorCounts {
  /** Connections that waited for a worker. */
  readonly held: number
  /** Connections taken back from dead workers. */
  readonly rescued: number
  /** Waited too long, or were too many: closed. */
  readonly dropped: number
  readonly waiting: number
}

export interface DoorPlace extends WorkerPlace {
  /** Its workers accept for themselves, each slot on a socket of its own. */
  readonly reusePort: boolean
}

export interface Door {
  /** At fork, before the worker has said anything. */
  watch(worker: Worker, place: DoorPlace): void
  /** A listening socket that the worker's agent has sent back. */
  returned(worker: Worker, handle: unknown): void
  /**
   * Out of rotation a worker keeps the connections that it has and gets no new ones, as long as another worker of the port is in
   * rotation; when all are out, all get some. Round robin only: otherwise the kernel gives connections out.
   */
  setRotation(worker: Worker, inRotation: boolean): void
  /** The worker has asked for any free port, and this is the one that it was given. */
  isEphemeral(worker: Worker, port: number): boolean
  /** A connection to this worker and no other; `endpoint` as the supervisor names it, null: the first. Never rejects. */
  probeConnection(worker: Worker, endpoint: string | null, timeoutMs: number): Promise<ProbeConnection>
  /** Looks again whether doors may stay open, and who has waited too long. By itself it does so ten times a second while it must. */
  review(): void
  readonly counts: DoorCounts
  /** Closes what is held and gives net.createServer back. */
  close(): void
}

const REVIEW_MS = 100
const UNHEARD = 'hides what its cluster primary and workers say to each other'

interface Question {
  readonly app: string
  readonly key: string
  readonly worker: Worker
  readonly seq: number | undefined
}

interface Port {
  readonly key: string
  readonly app: string
  /** The worker's question that made Node open it; its answer tells Node's own name of it. */
  question: Question
  nodeKey: string | null
  handle: NativeHandle | null
  /** Node's own way of giving a connection to a worker. */
  distribute: ((connection: NativeHandle) => void) | null
  status: 'binding' | 'open' | 'held' | 'closed'
  readonly line: WaitingLine
  /** When it was held for want of a worker. */
  heldSince: number
  /** Closed by RoundRobinHandle.remove a moment before it closes the listening handle. */
  orphans: NativeHandle[]
}

const portOf: unique symbol = Symbol('port')

interface Accepted extends NativeHandle {
  [portOf]?: Port
  readonly __proto__?: NativeHandle
}

export function holdTheDoor(options: DoorOptions): Door {
  const { isKept, mayHold, isDraining, hasSlot, schedule, cures, clock } = options
  const ports = new Map<string, Port>()
  const counts = { held: 0, rescued: 0, dropped: 0 }
  const createServer = net.createServer
  let timer: Timer | null = null
  /** The question that Node is working on in this very tick. */
  let question: Question | null = null
  /** The worker whose own close() Node is working on in this very tick. */
  let closing: Worker | null = null

  function createServerForDoor(...args: unknown[]) {
    const server = (createServer as (...args: unknown[]) => net.Server).apply(net, args)
    if (question !== null) adopt(server, question)
    question = null
    return server
  }
  if (cures.isOn('holdTheDoor')) net.createServer = createServerForDoor as typeof net.createServer

  const serving = new Serving()
  const routing = new Routing(serving, {
    nobodyTook: (connection) => {
      const port = (connection as Accepted)[portOf]
      if (port === undefined) connection.close()
      else if (port.status === 'open') port.distribute?.(connection)
      else receive(port, connection)
    },
    lost: giveBack,
  })
  const newLine = () => new WaitingLine(clock, counts, closeForGood)
  const kept = new KeptSockets({
    routing,
    newLine,
    clock,
    isKept,
    mayHold,
    isDraining,
    hasSlot,
    rescued: () => {
      counts.rescued += 1
    },
    unsettled: reviewSoon,
  })

  function socketsOf({ reusePort }: DoorPlace): Accepting {
    if (reusePort) return 'per-slot'
    return schedule === 'shared' ? 'one' : 'none'
  }

  function watch(worker: Worker, place: DoorPlace): void {
    const { app } = place
    const rescue = rescueConnections(worker, giveBack)
    const door: Tap = {
      heard: (message) => {
        if (message.act === 'queryServer') {
          const { address, port, addressType, fd, index, seq } = message
          question = { app, key: [app, address, port, addressType, fd, index].join('|'), worker, seq }
          queueMicrotask(() => {
            question = null
          })
        } else if (message.act === 'close') {
          closing = worker
          queueMicrotask(() => {
            closing = null
          })
        }
      },
      said: ({ ack, key, errno }, handle) => {
        if (ack === undefined || errno === undefined) return
        if (typeof key !== 'string') {
          cures.turnOff('handOff', 'gives listening handles no key')
          return
        }
        let opened = false
        for (const port of ports.values()) {
          if (port.question.worker === worker && port.question.seq === ack) port.nodeKey = key
          if (port.nodeKey === key) opened = true
        }
        // Round robin has no handle in its answer; an error has no port.
        if (!opened && !errno && handle === null && schedule === 'round-robin') {
          cures.turnOff('holdTheDoor', 'opens ports without net.createServer')
        }
      },
    }
    if (!isolatePorts(worker, app)) cures.turnOff('appPorts', UNHEARD)
    const tapped = tapChannel(worker, [
      serving.tap(worker),
      kept.tap(worker, place, socketsOf(place)),
      door,
      routing.tap(worker),
      rescue.tap,
    ])
    if (tapped) routing.add(worker, place, rescue)
    else for (const cure of ['rescue', 'holdTheDoor', 'handOff'] as const) cures.turnOff(cure, UNHEARD)
  }

  function giveBack(connection: NativeHandle): void {
    const port = (connection as Accepted)[portOf]
    if (port === undefined) {
      connection.close()
      return
    }
    counts.rescued += 1
    receive(port, connection)
  }

  /** A RoundRobinHandle makes its server: it gets the held socket where there is one, and its handle is watched from then on. */
  function adopt(server: net.Server, asked: Question): void {
    const { app, key } = asked
    const held = ports.get(key)
    const port: Port = held ?? {
      key,
      app,
      question: asked,
      nodeKey: null,
      handle: null,
      distribute: null,
      status: 'binding',
      line: newLine(),
      heldSince: 0,
      orphans: [],
    }
    port.question = asked
    ports.set(key, port)
    if (held?.status === 'held' && held.handle !== null) {
      const { handle } = held
      held.status = 'binding'
      server.listen = function listenOnHeld(options: { backlog?: number }) {
        Reflect.deleteProperty(server, 'listen')
        restoreClose(handle)
        return listenOn(server, handle, options?.backlog)
      } as typeof server.listen
    }
    server.once('error', () => {
      port.status = 'closed'
      ports.delete(key)
      port.line.giveUpAll()
    })
    server.once('listening', () => {
      // RoundRobinHandle takes it in a listener of its own, which runs after this one.
      const { _handle: handle } = server as unknown as { readonly _handle: NativeHandle | null }
      if (handle === null) ports.delete(key)
      else process.nextTick(() => opened(port, handle))
    })
  }

  function opened(port: Port, handle: NativeHandle): void {
    const distribute = handle.onconnection
    if (distribute === undefined) {
      cures.turnOff('holdTheDoor', 'keeps accepted connections elsewhere than in onconnection')
      return
    }
    port.handle = handle
    port.distribute = (connection) => distribute.call(handle, 0, connection)
    port.status = 'open'
    handle.onconnection = (error, connection) => {
      if (connection !== undefined) {
        guard(port, connection)
        if (port.nodeKey !== null && routing.route(port.nodeKey, connection)) return
      }
      distribute.call(handle, error, connection)
    }
    handle.close = () => lostLastWorker(port, handle)
    for (const connection of port.line.takeAll()) handle.onconnection(0, connection)
  }

  /** RoundRobinHandle.remove closes what it had queued; only connections that a worker has taken may really be closed. */
  function guard(port: Port, connection: Accepted): void {
    connection[portOf] = port
    connection.close = closeOrKeep
  }

  function closeOrKeep(this: Accepted, done?: () => void): void {
    const port = this[portOf]
    if (wasTaken(this) || port === undefined) closeForGood(this, done)
    else port.orphans.push(this)
  }

  function lostLastWorker(port: Port, handle: NativeHandle): void {
    const orphans = port.orphans.splice(0)
    const ownWish = closing !== null && !isDraining(closing)
    if (ownWish || !isKept(port.app)) {
      for (const connection of orphans) closeForGood(connection)
      shut(port, handle)
      return
    }
    port.status = 'held'
    port.heldSince = clock.now()
    handle.onconnection = (error, connection) => {
      if (!error && connection !== undefined) wait(port, connection)
    }
    for (const connection of orphans) wait(port, connection)
    reviewSoon()
  }

  function reviewSoon(): void {
    timer ??= clock.setTimeout(() => {
      timer = null
      if (review()) reviewSoon()
    }, REVIEW_MS)
  }

  function wait(port: Port, connection: NativeHandle): void {
    guard(port, connection)
    port.line.add(connection)
    reviewSoon()
  }

  /** A connection without a worker, wherever its port stands now. */
  function receive(port: Port, connection: NativeHandle): void {
    if (port.status === 'open') port.handle?.onconnection?.(0, connection)
    else if (port.status === 'closed') closeForGood(connection)
    else wait(port, connection)
  }

  function review(): boolean {
    for (const port of ports.values()) {
      const isKnown = clock.now() - port.heldSince >= EXIT_KNOWN_AFTER_MS
      if (port.status === 'held' && port.handle !== null && isKnown && !mayHold(port.app)) shut(port, port.handle)
      port.line.expire()
    }
    const unsettled = [...ports.values()].some(({ status, line }) => status === 'held' || line.length > 0)
    return kept.review() || unsettled
  }

  function shut(port: Port, handle: NativeHandle): void {
    port.status = 'closed'
    ports.delete(port.key)
    port.line.giveUpAll()
    closeForGood(handle)
  }

  return {
    watch,
    setRotation: (worker, inRotation) => routing.setRotation(worker, inRotation),
    isEphemeral: (worker, port) => serving.isEphemeral(worker, port),
    probeConnection: async (worker, endpoint, timeoutMs) =>
      cures.isOn('handOff')
        ? connectToWorker({ worker, serving, endpoint, timeoutMs, clock })
        : { ok: false, reason: 'unavailable', message: `one worker alone can't be reached (${cures.states.handOff})` },
    returned: (worker, handle) => kept.returned(worker, handle as ListeningHandle),
    review: () => {
      review()
    },
    get counts() {
      const waiting = [...ports.values()].reduce((sum, { line }) => sum + line.length, kept.waiting)
      return { ...counts, waiting }
    },
    close: () => {
      net.createServer = createServer
      timer?.cancel()
      kept.close()
      for (const port of [...ports.values()])
        if (port.handle !== null && port.status === 'held') shut(port, port.handle)
    },
  }
}

/**
 * listen() takes a TCP handle as it is, but not one of a Unix socket. What it does with it is short: it puts it in its place
 * and calls _listen2, an old public name of setupListenHandle (Node: lib/net.js), which finds the handle there.
 */
function listenOn(server: net.Server, handle: NativeHandle, backlog: number | undefined): net.Server {
  const internals = server as unknown as {
    _handle: NativeHandle
    _listen2?(address: null, port: number, addressType: number, backlog: number | undefined): void
  }
  if (internals._listen2 === undefined) return server.listen(handle, backlog)
  internals._handle = handle
  internals._listen2(null, -1, -1, backlog)
  return server
}

function restoreClose(handle: NativeHandle): void {
  Reflect.deleteProperty(handle, 'close')
}

/** By the prototype's close: deleting our own first would make V8 keep the handle as a dictionary, once per connection. */
function closeForGood(handle: NativeHandle, done?: () => void): void {
  const { close } = Object.getPrototypeOf(handle) as NativeHandle
  close.call(handle, done)
}
