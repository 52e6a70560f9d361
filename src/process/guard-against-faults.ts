// A mistake in resil itself must not take the service along: it is told, with its stack, and the supervisor goes on.

import { isKnownClusterFault } from '../cluster-internals/known-faults.ts'
import { messageOf } from '../errors.ts'
import type { ResilEvent } from '../events/events.ts'

/** Returns the way to stop. */
export function guardAgainstFaults(publish: (event: ResilEvent) => void): () => void {
  const onFault = (error: unknown): void => {
    if (isKnownClusterFault(error)) return
    const stack = error instanceof Error ? (error.stack ?? null) : null
    publish({ type: 'supervisor.faulted', message: messageOf(error), stack })
  }
  process.on('uncaughtException', onFault)
  process.on('unhandledRejection', onFault)
  return () => {
    process.off('uncaughtException', onFault)
    process.off('unhandledRejection', onFault)
  }
}
