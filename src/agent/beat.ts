// One sample a second, from which the supervisor sees that the worker's loop turns, and how well. What it means is decided there.

import type { StrategySample } from '../protocol/strategy-sample.ts'
import type { Channel } from './channel.ts'
import { watchLoopDelay } from './loop-delay.ts'

const BEAT_EVERY_MS = 1_000

export interface Gauges {
  connections(): number
  requests(): number
  strategies(): readonly StrategySample[]
}

/** The first beat comes a second from now. */
export function startBeat(channel: Channel, gauges: Gauges): void {
  const loopDelay = watchLoopDelay()
  let lastLoop = performance.eventLoopUtilization()

  const beat = () => {
    const loop = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(loop, lastLoop)
    lastLoop = loop
    const delayP99Ms = loopDelay.p99Ms()
    if (channel.congested) return
    const strategies = [...gauges.strategies()]
    channel.say({
      act: 'beat',
      heapUsed: process.memoryUsage().heapUsed,
      delayP99Ms,
      utilization,
      connections: gauges.connections(),
      requests: gauges.requests(),
      ...(strategies.length === 0 ? {} : { strategies }),
    })
  }
  // Must not keep a worker alive that has nothing left to do.
  setInterval(beat, BEAT_EVERY_MS).unref()
}
