// Knows which worker serves which listening handle of Node's primary, from what the two say to each other: a worker asks
// (`queryServer`), gets an answer with the handle's key, and says `close` when its server is closed.
//
// Node: lib/internal/cluster/primary.js (queryServer, close), child.js (_getServer; 'listening' repeats the question with the
// port that it became).

import type { Worker } from 'node:cluster'
import type { ClusterMessage } from './cluster-message.ts'
import type { Tap } from './tap-channel.ts'

export interface Served {
  /** Node's name of the listening handle. */
  readonly key: string
  /** As the supervisor names it: the port, or the path of a Unix socket. */
  readonly endpoint: string
  readonly unix: boolean
}

interface Question {
  readonly address: unknown
  readonly port: unknown
  readonly addressType: unknown
  readonly index: unknown
}

export class Serving {
  readonly #served = new Map<Worker, Map<string, Served & Question>>()
  readonly #workers = new Map<string, Set<Worker>>()

  tap(worker: Worker): Tap {
    const questions = new Map<number, Question>()
    const forget = () => this.#forget(worker)
    worker.process.once('exit', forget)
    worker.process.once('disconnect', forget)
    return {
      heard: (message) => {
        if (message.act === 'queryServer' && message.seq !== undefined) {
          const { address, port, addressType, index } = message
          if (addressType !== 'udp4' && addressType !== 'udp6') {
            questions.set(message.seq, { address, port, addressType, index })
          }
        } else if (message.act === 'listening') this.#nowListening(worker, message)
        else if (message.act === 'close' && message.key !== undefined) this.#closed(worker, message.key)
      },
      said: (message) => {
        const question = message.ack === undefined ? undefined : questions.get(message.ack)
        if (question === undefined) return
        questions.delete(message.ack as number)
        if (!message.errno && message.key !== undefined) this.#serves(worker, message.key, question)
      },
    }
  }

  /** In the order in which they began. */
  workersOf(key: string): readonly Worker[] {
    return [...(this.#workers.get(key) ?? [])]
  }

  /** It has asked for any free port, and this is the one that it was given. */
  isEphemeral(worker: Worker, port: number): boolean {
    const served = [...(this.#served.get(worker)?.values() ?? [])]
    return served.some((each) => each.port === 0 && each.endpoint === String(port))
  }

  servedBy(worker: Worker): readonly Served[] {
    return [...(this.#served.get(worker)?.values() ?? [])]
  }

  #serves(worker: Worker, key: string, question: Question): void {
    const unix = typeof question.port === 'number' && question.port < 0
    const endpoint = String(unix ? question.address : question.port)
    const served = this.#served.get(worker) ?? new Map()
    this.#served.set(worker, served.set(key, { ...question, key, endpoint, unix }))
    this.#workers.set(key, (this.#workers.get(key) ?? new Set()).add(worker))
  }

  /** listen(0), and a descriptor, say only now which port it is. */
  #nowListening(worker: Worker, { address, port, addressType, index }: ClusterMessage): void {
    if (typeof port !== 'number' || port <= 0) return
    const served = this.#served.get(worker)
    for (const each of served?.values() ?? []) {
      const same = each.address === address && each.addressType === addressType && each.index === index
      const unknown = each.port === 0 || each.port === null
      if (same && unknown && !each.unix) served?.set(each.key, { ...each, endpoint: String(port) })
    }
  }

  #closed(worker: Worker, key: string): void {
    this.#served.get(worker)?.delete(key)
    const workers = this.#workers.get(key)
    workers?.delete(worker)
    if (workers?.size === 0) this.#workers.delete(key)
  }

  #forget(worker: Worker): void {
    for (const key of [...(this.#served.get(worker)?.keys() ?? [])]) this.#closed(worker, key)
    this.#served.delete(worker)
  }
}
