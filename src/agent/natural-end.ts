// Lets a worker end by itself when it has nothing left to do, as under plain node: a script that is through, a server that its
// app closed. node:cluster keeps every worker for ever, by references on the IPC channel; those are taken back (channel.ts),
// and given only for as long as an answer of the primary is due. A listening server needs none: under round robin a timer of
// Node's stands for it, which server.unref() and close() take away (lib/internal/cluster/child.js, rr); else its own handle.
// Without counted references in Node nothing changes, and workers live until they are told to end.

import { type Channel, releaseChannel } from './channel.ts'
import type { ClusterOfWorker } from './internals/cluster-worker.ts'
import { imitate } from './internals/imitate.ts'

export function letEndNaturally(cluster: ClusterOfWorker, channel: Channel): void {
  if (!releaseChannel()) return
  holdWhileListening(cluster, channel)
  holdWhileDisconnecting(cluster, channel)
  holdForMessages(cluster, channel)
}

/** listen() and bind() ask the primary: without this, a script that ends in listen() would be gone before the answer. */
function holdWhileListening(cluster: ClusterOfWorker, channel: Channel): void {
  const getServer = cluster._getServer
  if (!getServer) return
  cluster._getServer = imitate(
    function (this: ClusterOfWorker, server, query, answered) {
      const release = channel.hold()
      getServer.call(this, server, query, (...reply) => {
        release()
        answered(...reply)
      })
    } as typeof getServer,
    getServer,
  )
}

/** cluster.worker.disconnect() and kill() wait for the primary's word, and then for 'disconnect', which ends the wait by itself. */
function holdWhileDisconnecting(cluster: ClusterOfWorker, channel: Channel): void {
  const prototype = Object.getPrototypeOf(cluster.worker) as Record<string, (...args: unknown[]) => unknown>
  for (const method of ['disconnect', 'destroy']) {
    const original = prototype[method]
    if (!original) continue
    prototype[method] = imitate(function (this: unknown, ...args: unknown[]) {
      channel.hold()
      return original.apply(this, args)
    }, original)
  }
}

/** A listener of the app on cluster.worker waits for messages just as one on process does, which Node counts itself. */
function holdForMessages(cluster: ClusterOfWorker, channel: Channel): void {
  const releases: (() => void)[] = []
  cluster.worker.on('newListener', (event: string) => {
    if (event === 'message') releases.push(channel.hold())
  })
  cluster.worker.on('removeListener', (event: string) => {
    if (event === 'message') releases.pop()?.()
  })
}
