// Whether a worker's event loop lags or is full: what its agent reports of each second, delay and utilization as deltas. Averages
// since the start would hide an hour of trouble behind a quiet day (under-pressure#294).

import type { EventLoopLimits } from '../../config/settings.ts'
import { calm, hasTripped, observe, type Sustained } from './sustained.ts'

export interface EventLoopWatch {
  readonly delay: Sustained
  readonly utilization: Sustained
}

export const freshEventLoop: EventLoopWatch = { delay: calm, utilization: calm }

export interface EventLoopVerdict {
  readonly of: 'delay' | 'utilization'
  readonly measured: number
  readonly limit: number
}

export function watchEventLoop(
  before: EventLoopWatch,
  beat: { readonly delayP99Ms: number; readonly utilization: number },
  limits: EventLoopLimits,
  now: number,
): { readonly watch: EventLoopWatch; readonly verdict: EventLoopVerdict | null } {
  const { delayP99Ms, utilization, sustainMs } = limits
  const delay = delayP99Ms === null ? calm : observe(before.delay, beat.delayP99Ms, delayP99Ms, sustainMs, now)
  const full = utilization === null ? calm : observe(before.utilization, beat.utilization, utilization, sustainMs, now)
  const watch = { delay, utilization: full }
  if (delayP99Ms !== null && hasTripped(before.delay, delay))
    return { watch, verdict: { of: 'delay', measured: beat.delayP99Ms, limit: delayP99Ms } }
  if (utilization !== null && hasTripped(before.utilization, full))
    return { watch, verdict: { of: 'utilization', measured: beat.utilization, limit: utilization } }
  return { watch, verdict: null }
}
