// Connections that wait for a worker, in a bounded line: too many, or too long, and they are closed. A client that is told can
// try elsewhere; one that hangs can't.

import type { Clock } from '../clock.ts'
import type { NativeHandle } from './cluster-message.ts'

/** Longer than this nobody waits: the client is better told. Also how soon a replacement must be due. */
export const LONGEST_HOLD_MS = 10_000
/** About twice the kernel's own backlog of 511. */
export const MOST_HELD = 1_024

/**
 * A port loses its worker when the channel ends; that the worker has died may be known a moment later, and until then no
 * replacement seems to be due.
 */
export const EXIT_KNOWN_AFTER_MS = 1_000

export interface LineCounts {
  /** Connections that waited for a worker. */
  held: number
  /** Waited too long, or were too many: closed. */
  dropped: number
}

export class WaitingLine {
  readonly #clock: Clock
  readonly #counts: LineCounts
  readonly #close: (connection: NativeHandle) => void
  #waiting: { readonly connection: NativeHandle; readonly until: number }[] = []
  /** Who was given to a worker and comes back goes on waiting: nobody waits longer for having been tried in vain. */
  readonly #until = new WeakMap<NativeHandle, number>()

  /** `counts` may be those of several lines; `close` really closes. */
  constructor(clock: Clock, counts: LineCounts, close: (connection: NativeHandle) => void) {
    this.#clock = clock
    this.#counts = counts
    this.#close = close
  }

  get length(): number {
    return this.#waiting.length
  }

  add(connection: NativeHandle): void {
    if (this.#waiting.length >= MOST_HELD) {
      this.#giveUp(connection)
      return
    }
    const before = this.#until.get(connection)
    if (before === undefined) this.#counts.held += 1
    const until = before ?? this.#clock.now() + LONGEST_HOLD_MS
    this.#until.set(connection, until)
    this.#waiting.push({ connection, until })
  }

  /** Who has waited too long waits no more. */
  expire(): void {
    const now = this.#clock.now()
    // One that came back stands behind younger ones.
    const isOver = ({ until }: { readonly until: number }): boolean => until <= now
    if (!this.#waiting.some(isOver)) return
    const over = this.#waiting.filter(isOver)
    this.#waiting = this.#waiting.filter((each) => !isOver(each))
    for (const { connection } of over) this.#giveUp(connection)
  }

  /** In the order in which they came. */
  takeAll(): NativeHandle[] {
    const all = this.#waiting
    this.#waiting = []
    return all.map(({ connection }) => connection)
  }

  giveUpAll(): void {
    for (const connection of this.takeAll()) this.#giveUp(connection)
  }

  #giveUp(connection: NativeHandle): void {
    this.#counts.dropped += 1
    this.#close(connection)
  }
}
