// node:cluster as a worker sees it, and the question whether this process is one.
// node:cluster is fetched late: in a thread (where the agent is loaded too, since threads inherit --require) an import of it
// would load the whole primary side (Node lib/cluster.js decides by NODE_UNIQUE_ID, which is gone by then).

import type { Cluster, Worker } from 'node:cluster'

/** The part of node:cluster that only lib/net.js and lib/dgram.js use: it asks the primary for a listening handle. */
export interface ClusterOfWorker extends Cluster {
  readonly worker: Worker
  _getServer?: (server: unknown, query: unknown, answered: (...reply: unknown[]) => void) => void
}

/** null in threads, in processes that are not cluster workers, and where the primary is gone already. */
export function clusterOfWorker(): ClusterOfWorker | null {
  if (typeof process.send !== 'function' || !process.connected) return null
  // The types describe what `import` gives, with the module itself as `default`.
  const cluster = process.getBuiltinModule('node:cluster') as unknown as Cluster
  return cluster.isWorker && cluster.worker ? (cluster as ClusterOfWorker) : null
}
