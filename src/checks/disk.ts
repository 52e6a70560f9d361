// Free disk space, as a share of what there is: what unprivileged processes may use (bavail), not what root has in reserve.

import { statfs } from 'node:fs/promises'
import type { Check } from '../patterns/health/check.ts'
import { checkKeys, numberOption } from '../patterns/options.ts'

export interface DiskCheckOptions {
  readonly path?: string | undefined
  /** Default 0.1. */
  readonly minFreeRatio?: number | undefined
}

export function diskCheck(options: DiskCheckOptions = {}): Check<false> {
  checkKeys('checks.disk', options, ['path', 'minFreeRatio'])
  const { path = '.' } = options
  const minFreeRatio = numberOption('checks.disk', 'minFreeRatio', options.minFreeRatio, 0.1, { min: 0, max: 1 })
  return {
    dependency: false,
    run: async () => {
      const { bavail, blocks, bsize } = await statfs(path)
      // Some file systems (procfs, some overlays) have no size.
      const free = blocks === 0 ? 1 : bavail / blocks
      const observed = { observedValue: bavail * bsize, observedUnit: 'bytes' }
      const output = `${Math.round(free * 100)} % of ${path} is free`
      return { status: free < minFreeRatio ? 'fail' : 'pass', output, ...observed }
    },
  }
}
