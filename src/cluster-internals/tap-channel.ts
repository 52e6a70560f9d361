// Listens in on what Node's primary and a worker say to each other, before Node reads or writes it. What follows from it is
// others' business; this only finds the two places where it can be heard.
//
// Node: lib/internal/cluster/primary.js (fork adds its 'internalMessage' listener to worker.process), utils.js (sendHelper calls
// proc.send, looked up at each call); lib/internal/child_process.js (setupChannel: one handle at a time, the next one is written
// when the receiver has said NODE_HANDLE_ACK, or NODE_HANDLE_NACK where the message came without its handle).

import type { Worker } from 'node:cluster'
import { type ClusterMessage, isClusterMessage, type NativeHandle } from './cluster-message.ts'

/** What a tap has no method for does not concern it: each connection passes here, so nobody is asked in vain. */
export interface Tap {
  /** From the worker, and no answer to a connection. Node has not read it yet. */
  heard?(message: ClusterMessage): void
  /** To the worker, and no connection. */
  said?(message: ClusterMessage, handle: NativeHandle | null): void
  /** A connection, to the worker. false: it is not written, and the taps that follow don't hear of it. */
  sent?(seq: number, key: string | undefined, connection: NativeHandle): boolean
  /** From the worker: whether it took the connection. Node has not read it yet. */
  answered?(seq: number, accepted: boolean): void
  /** Whether the oldest handle of those that were said has arrived; the worker's kernel drops one for which it has no descriptor. */
  delivered?(arrived: boolean): void
}

/**
 * At fork, before the worker has said anything. The taps hear in their order. Returns false, and changes nothing, where this
 * Node's primary does not speak with its workers in the way that is relied upon.
 */
export function tapChannel({ process }: Worker, taps: readonly Tap[]): boolean {
  const send = process.send
  const listeners = process.listeners('internalMessage' as 'message')
  if (typeof send !== 'function' || !listeners.some(({ name }) => name === 'onInternalMessage')) return false
  const heard = having(taps, 'heard')
  const said = having(taps, 'said')
  const sent = having(taps, 'sent')
  const answered = having(taps, 'answered')
  const delivered = having(taps, 'delivered')
  process.send = function sendTapped(
    this: typeof process,
    message: unknown,
    handle?: unknown,
    options?: unknown,
    callback?: unknown,
  ) {
    if (isClusterMessage(message)) {
      const native = (handle ?? null) as NativeHandle | null
      if (message.act === 'newconn' && native !== null && message.seq !== undefined) {
        for (const tap of sent) if (!tap.sent(message.seq, message.key, native)) return true
      } else for (const tap of said) tap.said(message, native)
    }
    return (send as (...args: unknown[]) => boolean).call(this, message, handle, options, callback)
  } as typeof process.send
  process.prependListener('internalMessage' as 'message', (message: unknown) => {
    if (isClusterMessage(message)) {
      if (message.ack !== undefined && message.accepted !== undefined) {
        for (const tap of answered) tap.answered(message.ack, message.accepted)
      } else for (const tap of heard) tap.heard(message)
      return
    }
    const arrived = deliveryOf(message)
    if (arrived !== null) for (const tap of delivered) tap.delivered(arrived)
  })
  return true
}

/** null: it is about something else. */
function deliveryOf(message: unknown): boolean | null {
  const { cmd } = (message ?? {}) as { readonly cmd?: unknown }
  return cmd === 'NODE_HANDLE_ACK' ? true : cmd === 'NODE_HANDLE_NACK' ? false : null
}

function having<Method extends keyof Tap>(taps: readonly Tap[], method: Method): Required<Pick<Tap, Method>>[] {
  return taps.filter((tap): tap is Tap & Required<Pick<Tap, Method>> => tap[method] !== undefined)
}
