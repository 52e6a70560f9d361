// One sample a second, from which the supervisor sees that the worker's loop turns, and how well. What it means is decided there.

import type { Channel } from './channel.ts'

const BEAT_EVERY_MS = 1_000
/** Node's histogram wakes the process that often: 0.1 % of a core; at 10 ms it would be 0.5 % (FACTS 5). */
const RESOLUTION_MS = 100
const NANOSECONDS_PER_MS = 1e6

export interface Gauges {
  connections(): number
  requests(): number
}

/** The first beat comes a second from now. */
export function startBeat(channel: Channel, gauges: Gauges): void {
  // Late, so that the app's start does not pay for it.
  const { monitorEventLoopDelay, performance } = process.getBuiltinModule('node:perf_hooks')
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  let lastLoop = performance.eventLoopUtilization()

  const beat = () => {
    const loop = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(loop, lastLoop)
    lastLoop = loop
    // Node records the time between two wake-ups, the wait that was asked for included.
    const delayP99Ms = Math.max(0, delays.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION_MS)
    delays.reset()
    if (channel.congested) return
    channel.say({
      act: 'beat',
      heapUsed: process.memoryUsage().heapUsed,
      delayP99Ms,
      utilization,
      connections: gauges.connections(),
      requests: gauges.requests(),
    })
  }
  // Must not keep a worker alive that has nothing left to do.
  setInterval(beat, BEAT_EVERY_MS).unref()
}
