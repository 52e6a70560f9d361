// A limit that counts only when it is exceeded for long enough, and that is told once: it is armed again when the value has come
// down clearly, not when it plays around the limit. What a limit means is the watchdogs' affair, each in its own file here.

export interface Sustained {
  /** Since when every value was above the limit; monotonic milliseconds. null: the last one was not. */
  readonly aboveSince: number | null
  /** It has been told, and the value has not come down since. */
  readonly tripped: boolean
}

export const calm: Sustained = { aboveSince: null, tripped: false }

/** Below this part of the limit it counts as come down. */
const RELEASE_AT = 0.9

export function observe(before: Sustained, value: number, limit: number, sustainMs: number, now: number): Sustained {
  if (value <= limit) return { aboveSince: null, tripped: before.tripped && value > limit * RELEASE_AT }
  const aboveSince = before.aboveSince ?? now
  return { aboveSince, tripped: before.tripped || now - aboveSince >= sustainMs }
}

/** It has just become too much. */
export function hasTripped(before: Sustained, after: Sustained): boolean {
  return after.tripped && !before.tripped
}

/** Time in which nobody looked counts neither way. */
export function shiftSustained(watch: Sustained, lateMs: number): Sustained {
  return watch.aboveSince === null ? watch : { ...watch, aboveSince: watch.aboveSince + lateMs }
}
