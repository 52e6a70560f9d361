// Says `bye` and waits for `pong`, before the process ends. A connection that the primary handed over a moment ago may still
// be on its way here; the channel keeps the order, so when pong arrives, it has arrived too and was refused, and the primary
// has given it to another worker. Without the wait its client would hang, as 12 of 12 did when it was tried.

import type { Channel } from './channel.ts'

/** A supervisor that is too busy for longer may lose that one connection, but does not keep the worker. */
const LONGEST_WAIT_MS = 1_000

export interface Farewell {
  /** Resolves when it is safe to end: pong came, or waiting for it is in vain. Keeps the process alive until then. */
  say(): Promise<void>
  /** A pong has come: it answers the oldest bye. */
  answered(): void
  /** No answer will come any more. */
  abandon(): void
}

/** `beforehand`: what else is to be said before each bye. `cutOff`: connections that were not finished. */
export function createFarewell(channel: Channel, beforehand: () => void, cutOff: () => number): Farewell {
  const waiting: (() => void)[] = []
  return {
    say() {
      beforehand()
      if (!channel.say({ act: 'bye', cutOff: cutOff() })) return Promise.resolve()
      const release = channel.hold()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          release()
          resolve()
        }
        // Needs no reference: the held channel keeps the process alive.
        const timer = setTimeout(done, LONGEST_WAIT_MS).unref()
        waiting.push(done)
      })
    },
    answered() {
      waiting.shift()?.()
    },
    abandon() {
      for (const done of waiting.splice(0)) done()
    },
  }
}
