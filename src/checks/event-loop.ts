// How late the event loop runs. Measured from the first check on, each check looks at the time since the one before.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Check } from '../patterns/health/check.ts'
import { checkKeys, numberOption } from '../patterns/options.ts'

export interface EventLoopCheckOptions {
  /** Default 500. */
  readonly maxDelayP99Ms?: number | undefined
}

/** 0.14 % of a CPU; finer than half a second needs. */
const RESOLUTION_MS = 50
const NS_PER_MS = 1e6

export function eventLoopCheck(options: EventLoopCheckOptions = {}): Check<false> {
  checkKeys('checks.eventLoop', options, ['maxDelayP99Ms'])
  const maxMs = numberOption('checks.eventLoop', 'maxDelayP99Ms', options.maxDelayP99Ms, 500, { above: 0 })
  let histogram: IntervalHistogram | undefined
  return {
    dependency: false,
    run: () => {
      if (histogram === undefined) {
        histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
        histogram.enable()
        return { status: 'pass', output: 'measuring from now on' }
      }
      // The histogram counts its own interval in.
      const delayMs = Math.max(0, histogram.percentile(99) / NS_PER_MS - RESOLUTION_MS)
      histogram.reset()
      const output = `the event loop is up to ${Math.round(delayMs)} ms late`
      return { status: delayMs > maxMs ? 'fail' : 'pass', output, observedValue: delayMs, observedUnit: 'ms' }
    },
  }
}
