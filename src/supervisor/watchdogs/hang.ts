// Whether a worker that is not heard of hangs, or something else keeps it quiet. Killing one that is well is worse than waiting, so
// whatever speaks for it counts. When it is looked at is watch-hangs.ts.

import type { HangLimits } from '../../config/settings.ts'
import type { Alibi } from '../../events/alibi-words.ts'

/** What is seen of its process from outside. */
export interface Examination {
  /** Monotonic milliseconds. */
  readonly at: number
  /** R, S, D, T …: proc(5). null: can't be seen here. */
  readonly state: string | null
  /** CPU time since it began. */
  readonly cpuMs: number | null
  /** It stands at a breakpoint, or resil itself keeps it busy. */
  readonly heldBy: 'debugger' | 'diagnosis' | null
  /** The channel over which it would be heard is open. */
  readonly connected: boolean
}

/** Why a quiet worker is left alone. */
export type Excuse = Exclude<Alibi, 'starved'>

export type HangVerdict =
  | { readonly do: 'leave'; readonly because: Excuse }
  /** It could run and is hardly let: twice the time. */
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'end' }

/** Of the time, below which a runnable process counts as starved. A fair share among four hogs on two cores is a half. */
const STARVED_BELOW = 0.1

/** `first`: when it turned suspect; `last`: now, when its time is up. */
export function judge(
  first: Examination | null,
  last: Examination,
  silentSince: number,
  { replaceAfterMs }: HangLimits,
): HangVerdict {
  const because = excuseOf(last)
  if (because !== null) return { do: 'leave', because }
  const until = silentSince + 2 * replaceAfterMs
  return last.at < until && isStarved(first, last) ? { do: 'wait', until } : { do: 'end' }
}

/** Why a failing liveness probe is not held against a worker. A channel that it closed itself is none: it is asked past it. */
export type LivenessAlibi = Exclude<Alibi, 'unreachable'>

/** Of the time, from which waiting for a CPU explains that there was no answer. */
const WAITED_FROM = 0.5

/** `waitedForCpu`: the share of the time of the question in which it could have run and was not let; NaN: not known. */
export function alibiOf(seen: Examination, waitedForCpu: number): LivenessAlibi | null {
  const excuse = excuseOf(seen)
  if (excuse !== null && excuse !== 'unreachable') return excuse
  return waitedForCpu >= WAITED_FROM ? 'starved' : null
}

/** Somebody wants it to be quiet. */
export function excuseOf({ state, heldBy, connected }: Examination): Excuse | null {
  if (heldBy !== null) return heldBy
  // Stopped by a signal, or by whoever traces it: SIGSTOP is somebody's intent, or a freezer's.
  if (state === 'T' || state === 't') return 'stopped'
  return connected ? null : 'unreachable'
}

function isStarved(first: Examination | null, last: Examination): boolean {
  if (first === null || first.cpuMs === null || last.cpuMs === null || last.state !== 'R') return false
  return last.cpuMs - first.cpuMs < (last.at - first.at) * STARVED_BELOW
}
