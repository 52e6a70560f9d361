// Ports belong to one app. node:cluster knows no apps: workers that ask for the same address and port get the same listening
// handle, so two apps on one port would answer each other's clients, and their listen(0) would be one port.
//
// The primary finds a handle by a key that it builds from the worker's question (`queryServer` in
// lib/internal/cluster/primary.js): `address:port:addressType:fd`, and the index where the Node is old or the port 0. The
// question is marked here with the app, before Node reads it, in a field whose value Node then ignores:
// - `fd`, which counts only if it is a number of a descriptor (`fd >= 0` in round_robin_handle.js, a typeof in net.js, isInt32
//   in internal/dgram.js);
// - for a listen on a descriptor `addressType`, which that does not use; its values for UDP are left alone.
// The second app on a port then has a key of its own, is made to bind the port anew, and gets EADDRINUSE from the kernel.
// The worker keeps its question as it was, so 'listening' events show the real fields.

import type { Worker } from 'node:cluster'

interface ClusterMessage {
  readonly cmd?: unknown
  readonly act?: unknown
  fd?: unknown
  addressType?: unknown
}

/**
 * At fork, before the worker has said anything. Returns false, and changes nothing, where this Node's primary does not listen
 * to its workers in the way that is relied upon: apps then share their ports, as under plain node:cluster.
 */
export function isolatePorts(worker: Worker, app: string): boolean {
  const listeners = worker.process.listeners('internalMessage' as 'message')
  if (!listeners.some((listener) => listener.name === 'onInternalMessage')) return false
  worker.process.prependListener('internalMessage' as 'message', (message) => {
    markQuestion(message as ClusterMessage, app)
  })
  return true
}

/** Changes `message` if it is a question for a listening handle. */
export function markQuestion(message: ClusterMessage | null, app: string): void {
  if (message?.cmd !== 'NODE_CLUSTER' || message.act !== 'queryServer') return
  const mark = (value: unknown) => `${value}@${app}`
  if (!(typeof message.fd === 'number' && message.fd >= 0)) message.fd = mark(message.fd)
  else if (message.addressType !== 'udp4' && message.addressType !== 'udp6') {
    message.addressType = mark(message.addressType)
  }
}
