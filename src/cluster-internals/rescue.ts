// Rescue: in round robin the primary keeps one connection per worker that was sent and not yet taken. If the worker dies then,
// Node neither closes it nor gives it to another worker: the client hangs and the descriptor leaks.
// Here each such connection is remembered until the worker's answer, and handed on when the worker is dead.
//
// Node: lib/internal/cluster/round_robin_handle.js (handoff: sendHelper with `newconn`, a callback that waits for the ack for
// ever), lib/internal/cluster/utils.js (callbacks by seq).

import type { Worker } from 'node:cluster'
import { isClusterMessage, type NativeHandle } from './cluster-message.ts'

/** After the exit, answers that the worker had still written arrive until its channel ends; a descriptor kept by a grandchild can delay that. */
const LAST_ANSWERS_MS = 50

const taken: unique symbol = Symbol('taken by a worker')

interface Tracked extends NativeHandle {
  [taken]?: boolean
}

/** Whether a worker has confirmed that the connection is its own now. */
export function wasTaken(connection: NativeHandle): boolean {
  return (connection as Tracked)[taken] === true
}

/** `handOn` gets each connection that the dead worker had been sent and had not taken. */
export function rescueConnections(worker: Worker, handOn: (connection: NativeHandle) => void): void {
  const sent = new Map<number, Tracked>()
  const { process } = worker
  const send = process.send

  process.send = function sendAndRemember(
    this: typeof process,
    message: unknown,
    handle?: unknown,
    ...rest: unknown[]
  ) {
    if (handle != null && isClusterMessage(message) && message.act === 'newconn' && message.seq !== undefined) {
      sent.set(message.seq, handle as Tracked)
    }
    return (send as (...args: unknown[]) => boolean).call(this, message, handle, ...rest)
  } as typeof process.send

  // Before Node's own listener, which closes the primary's copy of a connection that was taken.
  process.prependListener('internalMessage' as 'message', (message: unknown) => {
    if (!isClusterMessage(message) || message.ack === undefined) return
    const connection = sent.get(message.ack)
    if (connection === undefined) return
    sent.delete(message.ack)
    if (message.accepted === true) connection[taken] = true
  })

  process.once('exit', () => {
    const timer = setTimeout(handOnAll, LAST_ANSWERS_MS)
    process.once('disconnect', handOnAll)
    if (!process.connected) handOnAll()

    function handOnAll(): void {
      clearTimeout(timer)
      for (const [seq, connection] of [...sent]) {
        sent.delete(seq)
        forgetCallback(worker, seq, connection)
        handOn(connection)
      }
    }
  })
}

/** Answers in the dead worker's name, so that Node drops its callback; the connection itself must survive that. */
function forgetCallback(worker: Worker, seq: number, connection: Tracked): void {
  const close = Object.getOwnPropertyDescriptor(connection, 'close')
  connection.close = () => {}
  try {
    worker.process.emit(
      'internalMessage' as 'message',
      { cmd: 'NODE_CLUSTER', ack: seq, accepted: true },
      undefined as never,
    )
  } finally {
    if (close === undefined) Reflect.deleteProperty(connection, 'close')
    else Object.defineProperty(connection, 'close', close)
  }
}
