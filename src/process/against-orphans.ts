// Sees to it that no worker is left over: none of this supervisor, should it be killed, and none of the one before it that was.
// A guard kills at once (orphan-guard.ts), a list on disk tells the next start (worker-list.ts), which sweeps (sweep-orphans.ts).

import type { Clock } from '../clock.ts'
import type { ResilEvent } from '../events/events.ts'
import type { WorkerWatch } from './execute.ts'
import { createOrphanGuard } from './orphan-guard.ts'
import { sweepOrphans } from './sweep-orphans.ts'
import { openWorkerList, readWorkerList } from './worker-list.ts'

export interface AgainstOrphans {
  /** Are told of each process that begins and ends. */
  readonly guards: readonly WorkerWatch[]
  /** The supervisor ends in order. */
  close(): void
}

/** `socket`: the list is kept beside it; null: there is no place for one. */
export function guardAgainstOrphans(options: {
  readonly socket: string | null
  readonly clock: Clock
  readonly publish: (event: ResilEvent) => void
}): AgainstOrphans {
  const { socket, clock, publish } = options
  const warn = (message: string): void => publish({ type: 'supervisor.warned', message })
  const guard = createOrphanGuard(() =>
    warn('there is no /bin/sh here: if resil itself is killed, a worker that hangs at that moment lives on'),
  )
  if (socket === null) return { guards: [guard], close: () => guard.close() }

  const path = `${socket}.workers`
  const orphans = readWorkerList(path)
  const list = openWorkerList(path, orphans, ({ message }) => {
    const consequence = 'if resil and its guard are killed at once, a worker that hangs at that moment lives on'
    warn(`the list of workers can't be kept (${message}): ${consequence}`)
  })
  const stopSweeping = sweepOrphans(orphans, list, clock, publish)
  return {
    guards: [guard, list],
    close: () => {
      guard.close()
      stopSweeping()
      list.close()
    },
  }
}
