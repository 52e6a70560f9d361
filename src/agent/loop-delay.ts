// How late the event loop runs what is due. Node's own histogram, because it counts in native code: a timer of our own makes V8
// compile for it, which costs an idle worker 2 to 4 MiB on Node 24. Asking it for a percentile, and emptying it, walk through
// its half a megabyte; so that is done only when there is something to see.

/** Node wakes the process that often: 0.07 % of a core; at 10 ms it would be 0.5 % (measured). */
const RESOLUTION_MS = 100
/** Not worth telling apart from no delay at all. */
const NEGLIGIBLE_MS = 5
const NANOSECONDS_PER_MS = 1e6
const PERCENTILE = 99

export interface LoopDelay {
  /** 99th percentile since it was last asked; while nothing notable happens, the worst of that time. Milliseconds. */
  p99Ms(): number
}

/** The part of node:perf_hooks' IntervalHistogram that is used. Nanoseconds. */
export interface Delays {
  readonly max: number
  percentile(percentile: number): number
  reset(): void
}

export function watchLoopDelay(delays: Delays = startHistogram()): LoopDelay {
  // Node records the time between two wake-ups, the wait that was asked for included.
  const delayMs = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS)
  return {
    p99Ms() {
      const worstMs = delayMs(delays.max)
      if (worstMs < NEGLIGIBLE_MS) return worstMs
      const p99Ms = delayMs(delays.percentile(PERCENTILE))
      delays.reset()
      return p99Ms
    },
  }
}

function startHistogram(): Delays {
  // Fetched late, so that the app's start does not pay for it.
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return histogram
}
