// The crash window of a slot: how many crashes within how long. A true sliding window on monotonic time, as in OTP's supervisor:
// a stable hour gives no credit, so a loop that begins after it is seen as soon as any other.

/** The crashes that still count at `now`, with this one added; oldest first. */
export function recordCrash(crashes: readonly number[], withinMs: number, now: number): number[] {
  return [...crashes.filter((at) => at > now - withinMs), now]
}

/** More than `maxRestarts` crashes within the window: the slot's gate opens. */
export function windowExceeded(crashes: readonly number[], maxRestarts: number): boolean {
  return crashes.length > maxRestarts
}
