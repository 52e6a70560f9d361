// At a start: ends workers of the supervisor before this one, of the same name and folder, that was killed and has left them.
// Healthy ones end by themselves within five seconds, and may answer what they have in hand until then; what lives longer is
// blocked or stopped, and would hold on to its port, its memory and its locks.

import type { Clock } from '../clock.ts'
import type { ResilEvent } from '../events/events.ts'
import { killWithDescendants } from './descendants.ts'
import { isAlive } from './start-time.ts'
import type { ListedWorker, WorkerList } from './worker-list.ts'

/** A second more than healthy workers and the guard take. */
const GRACE_MS = 6_000

/** Returns the way to give it up; those that are not ended by then stay on the list. */
export function sweepOrphans(
  orphans: readonly ListedWorker[],
  list: WorkerList,
  clock: Clock,
  publish: (event: ResilEvent) => void,
): () => void {
  if (orphans.length === 0) return () => {}
  const timer = clock.setTimeout(() => {
    const ended = orphans.filter(isAlive).filter(({ pid }) => killWithDescendants(pid))
    for (const { pid } of orphans) list.remove(pid)
    if (ended.length > 0) publish({ type: 'orphans.ended', pids: ended.map(({ pid }) => pid) })
  }, GRACE_MS)
  return () => timer.cancel()
}
