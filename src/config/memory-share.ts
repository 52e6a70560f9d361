// What each worker may take of the memory that a container has for all of them. Pure arithmetic; which settings it fills is
// app/share-memory.ts, and what it comes to when the number of workers changes is supervisor/watchdogs/memory-limits.ts.

const MB = 1024 * 1024
/** What the supervisor itself takes, its share of Node's own pages included (measured: 45 to 60 MiB resident). */
const SUPERVISOR_BYTES = 64 * MB
const SOFT_OF_SHARE = 0.8
const HARD_OF_SHARE = 0.92
/** An ordinary service takes 70 to 150 MiB: a smaller share says that the container is small, not that a worker leaks. */
const LEAST_SHARE_BYTES = 192 * MB

export interface MemoryShare {
  readonly shareBytes: number
  readonly softBytes: number
  readonly hardBytes: number
}

/** What is left for the workers of a container that has so much. */
export function sharedBytesIn(limitBytes: number): number {
  return limitBytes - SUPERVISOR_BYTES
}

/** null: too little to be a limit. `processes`: of all apps, as many as there may be at once. */
export function shareAmong(sharedBytes: number, processes: number): MemoryShare | null {
  const share = Math.floor(sharedBytes / processes)
  if (!(share >= LEAST_SHARE_BYTES)) return null
  const [softBytes, hardBytes, shareBytes] = [share * SOFT_OF_SHARE, share * HARD_OF_SHARE, share].map(wholeMb)
  return { softBytes: softBytes ?? 0, hardBytes: hardBytes ?? 0, shareBytes: shareBytes ?? 0 }
}

function wholeMb(bytes: number): number {
  return Math.floor(bytes / MB) * MB
}
