// What a worker does when its supervisor has died. node:cluster ends it on the spot, with all its requests in hand
// (lib/internal/cluster/child.js, 'disconnect'). Here it drains first, and ends after ORPHAN_DEADLINE_MS at the latest:
// nobody is left who would force it. An idle worker ends at once.

import type { ClusterOfWorker } from './internals/cluster-worker.ts'
import { replaceListener } from './internals/replace-listener.ts'

export const ORPHAN_DEADLINE_MS = 5_000

/** In the place of cluster's own listener, so that 'disconnect' has as many as ever. */
export function onSupervisorGone(cluster: ClusterOfWorker, drain: () => void): void {
  replaceListener(
    process,
    'disconnect',
    () => true,
    (original) =>
      function (this: NodeJS.Process, ...args: unknown[]) {
        const { worker } = cluster
        // The app itself asked for it: cluster.worker.disconnect().
        const intended = worker.exitedAfterDisconnect === true
        // Keeps cluster's listener from process.exit(0).
        worker.exitedAfterDisconnect = true
        Reflect.apply(original, this, args)
        if (intended) return
        setTimeout(() => process.exit(), ORPHAN_DEADLINE_MS).unref()
        drain()
      },
  )
}
