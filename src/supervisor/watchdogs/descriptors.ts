// Whether a worker is about to run out of file descriptors, and what may be done about it. A leak goes away with its worker; where
// most of them are its clients' connections a new worker would soon have as many, and the clients would have lost theirs.

import type { DescriptorLimits, WatchdogAction } from '../../config/settings.ts'
import { hasTripped, observe, type Sustained } from './sustained.ts'

/** As counted from outside. */
export interface DescriptorCount {
  readonly open: number
  /** RLIMIT_NOFILE. */
  readonly limit: number
  /** Connections that did not reach it since the last count, for want of a descriptor; others got them, or they waited. */
  readonly missed: number
  /** What it has open the most: "98 % of them /var/log/app.log". Only told where there are many; null: nothing stands out. */
  readonly mostly: string | null
}

export function watchDescriptors(
  before: Sustained,
  { open, limit, missed }: DescriptorCount,
  { share, sustainMs }: Pick<DescriptorLimits, 'share' | 'sustainMs'>,
  now: number,
): { readonly watch: Sustained; readonly tripped: boolean } {
  // What did not reach it is no forecast any more.
  const watch = missed > 0 ? observe(before, 1, 0, 0, now) : observe(before, open / limit, share, sustainMs, now)
  return { watch, tripped: hasTripped(before, watch) }
}

export type DescriptorVerdict = {
  readonly action: WatchdogAction
  /** Why nothing is done though it might be. */
  readonly because: 'connections' | 'useless' | null
}

/** `connections`: of its clients. `useless`: new workers in its slot come to the limit as soon as the old ones. */
export function actionFor(
  action: DescriptorLimits['action'],
  open: number,
  connections: number,
  useless: boolean,
): DescriptorVerdict {
  if (action !== 'auto') return { action, because: null }
  if (connections * 2 >= open) return { action: 'report', because: 'connections' }
  return useless ? { action: 'report', because: 'useless' } : { action: 'replace', because: null }
}
