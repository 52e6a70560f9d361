// Memory in use, of the limit that ends this process: the container's for its own memory, else the machine's for all of it.

import { freemem, totalmem } from 'node:os'
import type { Check } from '../patterns/health/check.ts'
import { checkKeys, numberOption } from '../patterns/options.ts'

export interface MemoryCheckOptions {
  /** Default 0.9. */
  readonly maxRatio?: number | undefined
}

export function memoryCheck(options: MemoryCheckOptions = {}): Check<false> {
  checkKeys('checks.memory', options, ['maxRatio'])
  const maxRatio = numberOption('checks.memory', 'maxRatio', options.maxRatio, 0.9, { above: 0, max: 1 })
  return {
    dependency: false,
    run: () => {
      const total = totalmem()
      const limit = process.constrainedMemory()
      // Without a limit Node says 0, undefined or 1.8e19.
      const limited = limit !== undefined && limit > 0 && limit < total
      const used = limited ? process.memoryUsage.rss() / limit : 1 - freemem() / total
      const output = `${Math.round(used * 100)} % of the ${limited ? "container's" : "machine's"} memory is in use`
      return { status: used > maxRatio ? 'fail' : 'pass', output, observedValue: used, observedUnit: 'ratio' }
    },
  }
}
