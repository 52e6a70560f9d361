// Waits for a slow reader: whoever has much to send goes on when this resolves. How much is too much is the sender's to say.

import type { Writable } from 'node:stream'

/** When the stream has room again, or is gone. */
export function drained(stream: Writable, isFull: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (!isFull() || stream.destroyed) return resolve()
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
