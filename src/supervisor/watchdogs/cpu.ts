// Whether a worker uses too much CPU for too long. A busy worker is no sick one, so by default nobody watches.

import type { CpuLimit } from '../../config/settings.ts'
import { hasTripped, observe, type Sustained } from './sustained.ts'

/** `share`: of one core, since the sample before. */
export function watchCpu(
  before: Sustained,
  share: number,
  limit: CpuLimit,
  now: number,
): { readonly watch: Sustained; readonly tripped: boolean } {
  const watch = observe(before, share, limit.share, limit.sustainMs, now)
  return { watch, tripped: hasTripped(before, watch) }
}
