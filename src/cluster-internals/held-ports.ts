// The ports of round robin: finds the port that a worker asks for, so that the next worker's question for it gets the socket that
// was held. What becomes of one of them is held-port.ts's.
//
// Node: lib/internal/cluster/primary.js (queryServer makes a RoundRobinHandle at the first question for a key, and
// removeHandlesForWorker drops it with its last worker); round_robin_handle.js (calls net.createServer).

import type { Worker } from 'node:cluster'
import type net from 'node:net'
import type { NativeHandle } from './cluster-message.ts'
import { HeldPort, heldPortOf, type PortOptions, type Question } from './held-port.ts'
import type { Tap } from './tap-channel.ts'
import type { WaitingLine } from './waiting-line.ts'

export interface HeldPortsOptions extends Omit<PortOptions, 'isOwnClose'> {
  readonly newLine: () => WaitingLine
  readonly isDraining: (worker: Worker) => boolean
  readonly schedule: 'round-robin' | 'shared'
  readonly rescued: () => void
}

export class HeldPorts {
  readonly #options: HeldPortsOptions
  readonly #portOptions: PortOptions
  readonly #ports = new Map<string, HeldPort>()
  /** The question that Node is working on in this very tick. */
  #question: Question | null = null
  /** The worker whose own close() Node is working on in this very tick. */
  #closing: Worker | null = null

  constructor(options: HeldPortsOptions) {
    this.#options = options
    this.#portOptions = {
      ...options,
      isOwnClose: () => this.#closing !== null && !options.isDraining(this.#closing),
    }
  }

  tap(worker: Worker, app: string): Tap {
    const { cures, schedule } = this.#options
    return {
      heard: (message) => {
        if (message.act === 'queryServer') {
          const { address, port, addressType, fd, index, seq } = message
          this.#question = { app, key: [app, address, port, addressType, fd, index].join('|'), worker, seq }
          queueMicrotask(() => {
            this.#question = null
          })
        } else if (message.act === 'close') {
          this.#closing = worker
          queueMicrotask(() => {
            this.#closing = null
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
        for (const port of this.#ports.values()) {
          if (port.question.worker === worker && port.question.seq === ack) port.nodeKey = key
          if (port.nodeKey === key) opened = true
        }
        // Round robin has no handle in its answer; an error has no port.
        if (!opened && !errno && handle === null && schedule === 'round-robin') {
          cures.turnOff('holdTheDoor', 'opens ports without net.createServer')
        }
      },
    }
  }

  /** net.createServer has made a server: a RoundRobinHandle's, if Node answers a question just now. */
  created(server: net.Server): void {
    const question = this.#question
    this.#question = null
    if (question === null) return
    const port = this.#ports.get(question.key) ?? this.#newPort(question)
    port.question = question
    port.adopt(server)
  }

  /** All who were chosen for it refused. */
  distribute(connection: NativeHandle): void {
    const port = heldPortOf(connection)
    if (port === undefined) connection.close()
    else port.distribute(connection)
  }

  /** Its worker died before it took it. */
  giveBack(connection: NativeHandle): void {
    const port = heldPortOf(connection)
    if (port === undefined) {
      connection.close()
      return
    }
    this.#options.rescued()
    port.receive(connection)
  }

  get waiting(): number {
    return [...this.#ports.values()].reduce((sum, port) => sum + port.waiting, 0)
  }

  /** Looks again whether sockets may stay open. Returns whether it has to look again. */
  review(): boolean {
    return [...this.#ports.values()].filter((port) => port.review()).length > 0
  }

  close(): void {
    for (const port of [...this.#ports.values()]) port.letGo()
  }

  #newPort(question: Question): HeldPort {
    const { key } = question
    const port = new HeldPort(question, this.#options.newLine(), this.#portOptions, () => this.#ports.delete(key))
    this.#ports.set(key, port)
    return port
  }
}
