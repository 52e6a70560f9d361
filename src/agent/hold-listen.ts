// A standby boots like any worker, up to the moment in which it would listen: that waits here until the supervisor promotes it.
// Every listen() and bind() that a cluster shares asks the primary through cluster._getServer (lib/net.js, lib/dgram.js), so the
// question is what is held back; the app sees a listen() that takes its time. The channel stays referenced meanwhile
// (natural-end.ts, around this), or a worker that only waits would end.

import type { ClusterOfWorker } from './internals/cluster-worker.ts'
import { imitate } from './internals/imitate.ts'

export interface HeldListening {
  /** From now on all that waited, and all that comes, listens. */
  release(): void
}

/** `onHeld`: the first listen() waits. Where Node has no such function nothing is held, and the worker listens at once. */
export function holdListening(cluster: ClusterOfWorker, onHeld: () => void): HeldListening {
  const getServer = cluster._getServer
  if (!getServer) return { release: () => {} }
  let waiting: (() => void)[] | null = []
  cluster._getServer = imitate(
    function (this: ClusterOfWorker, ...question) {
      if (waiting === null) return getServer.apply(this, question)
      if (waiting.length === 0) onHeld()
      waiting.push(() => getServer.apply(this, question))
    } as typeof getServer,
    getServer,
  )
  return {
    release: () => {
      const asked = waiting ?? []
      waiting = null
      for (const ask of asked) ask()
    },
  }
}
