// Listens in on what Node's primary and a worker say to each other, before Node reads or writes it. What follows from it is
// others' business; this only finds the two places where it can be heard.
//
// Node: lib/internal/cluster/primary.js (fork adds its 'internalMessage' listener to worker.process), utils.js (sendHelper calls
// proc.send, looked up at each call); lib/internal/child_process.js (setupChannel: one handle at a time, the next one is written
// when the receiver has said NODE_HANDLE_ACK, or NODE_HANDLE_NACK where the message came without its handle).

import type { Worker } from 'node:cluster'
import { type ClusterMessage, isClusterMessage, type NativeHandle } from './cluster-message.ts'

export interface Tap {
  /** From the worker. Node has not read it yet. */
  heard?(message: ClusterMessage): void
  /** To the worker. false: it is not written, and the taps that follow don't hear of it. */
  said?(message: ClusterMessage, handle: NativeHandle | null): boolean | undefined
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
  process.send = function sendTapped(this: typeof process, message: unknown, handle?: unknown, ...rest: unknown[]) {
    if (isClusterMessage(message)) {
      for (const { said } of taps) if (said?.(message, (handle ?? null) as NativeHandle | null) === false) return true
    }
    return (send as (...args: unknown[]) => boolean).call(this, message, handle, ...rest)
  } as typeof process.send
  process.prependListener('internalMessage' as 'message', (message: unknown) => {
    if (isClusterMessage(message)) for (const { heard } of taps) heard?.(message)
    const arrived = deliveryOf(message)
    if (arrived !== null) for (const { delivered } of taps) delivered?.(arrived)
  })
  return true
}

/** null: it is about something else. */
function deliveryOf(message: unknown): boolean | null {
  const { cmd } = (message ?? {}) as { readonly cmd?: unknown }
  return cmd === 'NODE_HANDLE_ACK' ? true : cmd === 'NODE_HANDLE_NACK' ? false : null
}
