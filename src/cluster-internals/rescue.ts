// Rescue: in round robin the primary keeps one connection per worker that was sent and not yet taken. If the worker dies then,
// Node neither closes it nor gives it to another worker: the client hangs and the descriptor leaks.
// Here each such connection is remembered until the worker's answer, and handed on when the worker is dead.
// The same goes for a worker that has no descriptor left: its kernel drops the connection on the way, it never answers, and Node
// never gives it another one.
//
// Node: lib/internal/cluster/round_robin_handle.js (handoff: sendHelper with `newconn`, a callback that waits for the ack for
// ever), lib/internal/cluster/utils.js (callbacks by seq), lib/internal/child_process.js (a native handle whose delivery failed
// is neither sent again nor closed).

import type { Worker } from 'node:cluster'
import { seeChannelEnd } from './channel-end.ts'
import type { NativeHandle } from './cluster-message.ts'
import type { Tap } from './tap-channel.ts'

/** After the exit, answers that the worker had still written arrive until its channel ends; a descriptor kept by a grandchild can delay that. */
const LAST_ANSWERS_MS = 50

/**
 * How a connection that was sent to a worker ended: taken by it, sent back, on its way when the worker died, or never arrived
 * since the worker has no descriptor left.
 */
export type Outcome = 'taken' | 'refused' | 'lost' | 'undelivered'

/** The number of its question, until it is answered; then whether it was taken. One field: each costs each connection. */
const sending: unique symbol = Symbol('number that it was sent with, or taken')
/** Who sent it, where that was not Node. */
const sender: unique symbol = Symbol('told of the outcome')

interface Tracked extends NativeHandle {
  [sending]?: number | 'taken'
  [sender]?: ((outcome: Outcome) => void) | undefined
}

/** Whether a worker has confirmed that the connection is its own now. */
export function wasTaken(connection: NativeHandle): boolean {
  return (connection as Tracked)[sending] === 'taken'
}

/** Before it is sent by anybody but Node, who waits for the answer himself. */
export function tellOutcome(connection: NativeHandle, tell: (outcome: Outcome) => void): void {
  ;(connection as Tracked)[sender] = tell
}

export interface Rescue {
  readonly tap: Tap
  /** Connections that the worker was sent and has not answered for. */
  readonly unanswered: number
}

/**
 * `handOn` gets each connection of Node's that the worker had been sent and had not taken when it died, or that did not reach it;
 * of the latter `onUndelivered` is told before.
 */
export function rescueConnections(
  worker: Worker,
  handOn: (connection: NativeHandle) => void,
  onUndelivered: () => void,
): Rescue {
  /** In the order in which they were sent, which is that of the answers: what is looked for is nearly always the first. */
  const unanswered: Tracked[] = []
  /** What is on its way with a handle: the number of a connection, null for other messages. */
  const onTheirWay: (number | null)[] = []
  let gone = false
  const { process } = worker
  seeChannelEnd(worker)

  const tap: Tap = {
    said: (_message, handle) => {
      if (handle !== null) onTheirWay.push(null)
    },
    sent: (seq, _key, connection) => {
      onTheirWay.push(seq)
      ;(connection as Tracked)[sending] = seq
      unanswered.push(connection)
      // Node may still take the dead worker for a free one.
      if (gone) queueMicrotask(handOnAll)
      return true
    },
    delivered: (arrived) => {
      const seq = onTheirWay.shift() ?? null
      if (arrived || seq === null) return
      const connection = forget(seq)
      if (connection === undefined) return
      onUndelivered()
      if (settle(connection, 'undelivered')) return
      forgetSending(worker, seq, connection)
      handOn(connection)
    },
    // Before Node, which closes the primary's copy of a connection that was taken.
    answered: (seq, accepted) => {
      const connection = forget(seq)
      if (connection === undefined) return
      if (accepted) connection[sending] = 'taken'
      settle(connection, accepted ? 'taken' : 'refused')
    },
  }

  process.once('exit', () => {
    // The channel is at its end: all has been read.
    if (!process.connected) return handOnAll()
    const timer = setTimeout(() => {
      // A fork blocks the event loop for as long: what has come meanwhile is read before an immediate runs. Without that, an
      // answer would be overlooked, and a connection whose request the dead worker has read would wait at another one.
      setImmediate(() => {
        handOnAll()
        // A process that the worker had started may hold it open: Node would never see the port lose its last worker.
        if (process.connected) process.disconnect()
      })
    }, LAST_ANSWERS_MS)
    process.once('disconnect', () => clearTimeout(timer))
  })
  // Also of a worker that lives on: it can't answer any more, and what it took it had answered for before.
  process.once('disconnect', handOnAll)

  function forget(seq: number): Tracked | undefined {
    const index = unanswered.findIndex((connection) => connection[sending] === seq)
    return index === -1 ? undefined : unanswered.splice(index, 1)[0]
  }

  function handOnAll(): void {
    gone = true
    for (const connection of unanswered.splice(0)) {
      if (settle(connection, 'lost')) continue
      forgetSending(worker, connection[sending] as number, connection)
      handOn(connection)
    }
  }

  return {
    tap,
    get unanswered() {
      return unanswered.length
    },
  }
}

/** false: Node sent it. */
function settle(connection: Tracked, outcome: Outcome): boolean {
  const tell = connection[sender]
  if (tell === undefined) return false
  connection[sender] = undefined
  tell(outcome)
  return true
}

/** Answers in the worker's name, so that Node drops its callback; the connection itself must survive that. */
export function forgetSending(worker: Worker, seq: number, connection: NativeHandle): void {
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
