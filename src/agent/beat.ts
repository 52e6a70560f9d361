// One sample a second, from which the supervisor sees that the worker's loop turns, and how well. What it means is decided there.
// And one before a worker in order ends, so that its last counts are not lost with it.

import type { HttpCounts } from '../protocol/http-counts.ts'
import type { StrategySample } from '../protocol/strategy-sample.ts'
import type { Channel } from './channel.ts'
import { watchLoopDelay } from './loop-delay.ts'

const BEAT_EVERY_MS = 1_000

export interface Gauges {
  connections(): number
  requests(): number
  strategies(): readonly StrategySample[]
  /** null: as they were when they were last asked for. */
  http(): HttpCounts | null
}

export interface Beats {
  /** What has been counted since the last one, if anything has. */
  sendLast(): void
}

/** The first beat comes a second from now. */
export function startBeats(channel: Channel, gauges: Gauges): Beats {
  const loopDelay = watchLoopDelay()
  let requestsSent = 0
  let heapUsed = 0
  let lastLoop = performance.eventLoopUtilization()

  const send = (requests: number, http: HttpCounts | null) => {
    const loop = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(loop, lastLoop)
    lastLoop = loop
    const delayP99Ms = loopDelay.p99Ms()
    const strategies = [...gauges.strategies()]
    requestsSent = requests
    heapUsed = heapUsedNow(heapUsed)
    channel.say({
      act: 'beat',
      heapUsed,
      delayP99Ms,
      utilization,
      connections: gauges.connections(),
      requests,
      ...(strategies.length > 0 && { strategies }),
      ...(http !== null && { http }),
      // Said only where it is so, which is rare.
      ...(process.listenerCount('SIGUSR1') > 0 && { sigusr1: true }),
    })
  }
  const beat = () => {
    if (!channel.congested) send(gauges.requests(), gauges.http())
  }
  // Must not keep a worker alive that has nothing left to do.
  setInterval(beat, BEAT_EVERY_MS).unref()
  return {
    sendLast() {
      const requests = gauges.requests()
      const http = gauges.http()
      if (requests !== requestsSent || http !== null) send(requests, http)
    },
  }
}

/** It also reads /proc/self/stat, which an app that has no descriptor left can't: it must not die of that. */
function heapUsedNow(before: number): number {
  try {
    return process.memoryUsage().heapUsed
  } catch {
    return before
  }
}
