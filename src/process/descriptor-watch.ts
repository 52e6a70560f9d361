// Counts the descriptors of the workers, and the supervisor's own, from outside: who runs out of them can't be trusted to tell.
// Rarely, since a leak takes its time; a burst shows by the connections that did not arrive.

import type { Clock, Timer } from '../clock.ts'
import type { Input } from '../supervisor/inputs.ts'
import { descriptorLimit, mostOf, openDescriptors } from './descriptors.ts'

const INTERVAL_MS = 5_000
/** Of the limit, from which it is worth a closer look: what they are, and whether the limit has been raised meanwhile. */
const LOOK_CLOSER_FROM = 0.8
/** Of its own, from which the supervisor tells; it is silent again once they are below the first look's. */
const OWN_SHORT_FROM = 0.9

export interface WatchedWorker {
  readonly id: number
  readonly pid: number
  /** Connections that have not reached it so far. */
  readonly missed: number
}

export function startDescriptorWatch(options: {
  readonly workers: () => readonly WatchedWorker[]
  readonly clock: Clock
  readonly submit: (input: Input) => void
  /** The supervisor itself is short of them. */
  readonly onOwnShort: (open: number, limit: number) => void
}): { close(): void } {
  const { workers, clock, submit, onOwnShort } = options
  /** By pid. */
  const limits = new Map<number, number | null>()
  const missedBefore = new Map<number, number>()
  let toldOwn = false
  let timer: Timer = later()

  function later(): Timer {
    const next = clock.setTimeout(look, INTERVAL_MS)
    // Looking alone is no reason to stay.
    next.unref?.()
    return next
  }

  function look(): void {
    timer = later()
    const all = workers()
    const counts = all.flatMap(({ id, pid, missed }) => {
      const counted = count(pid)
      if (counted === null) return []
      const since = missed - (missedBefore.get(id) ?? 0)
      missedBefore.set(id, missed)
      const isNear = counted.open >= counted.limit * LOOK_CLOSER_FROM
      return [{ worker: id, ...counted, missed: since, mostly: isNear ? mostOf(pid) : null }]
    })
    for (const id of [...missedBefore.keys()]) if (!all.some((worker) => worker.id === id)) missedBefore.delete(id)
    for (const pid of [...limits.keys()])
      if (pid !== process.pid && !all.some((worker) => worker.pid === pid)) limits.delete(pid)
    if (counts.length > 0) submit({ type: 'workers.descriptorsCounted', counts })
    lookAtOwn()
  }

  function lookAtOwn(): void {
    const own = count(process.pid)
    if (own === null) return
    const used = own.open / own.limit
    if (used >= OWN_SHORT_FROM && !toldOwn) onOwnShort(own.open, own.limit)
    toldOwn = used >= OWN_SHORT_FROM || (toldOwn && used >= LOOK_CLOSER_FROM)
  }

  function count(pid: number): { readonly open: number; readonly limit: number } | null {
    const open = openDescriptors(pid)
    if (open === null) return null
    let limit = limits.get(pid)
    if (limit === undefined || (limit !== null && open >= limit * LOOK_CLOSER_FROM)) {
      limit = descriptorLimit(pid)
      limits.set(pid, limit)
    }
    return limit === null ? null : { open, limit }
  }

  return { close: () => timer.cancel() }
}
