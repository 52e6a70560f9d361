// What the supervisor's own process costs, as samples.

import { readdirSync } from 'node:fs'
import { sample } from '../../metrics/status-samples.ts'
import type { Sample } from '../../metrics/text-format.ts'

const MICROSECONDS_PER_S = 1e6

export function processSamples(): Sample[] {
  const { user, system } = process.cpuUsage()
  const { active, idle } = performance.eventLoopUtilization()
  const fds = known(openFds)
  // It reads /proc, too: without a descriptor left it throws.
  const rss = known(process.memoryUsage.rss)
  return [
    sample('process_start_time_seconds', {}, performance.timeOrigin / 1_000),
    sample('process_cpu_seconds_total', {}, (user + system) / MICROSECONDS_PER_S),
    ...(rss === null ? [] : [sample('process_resident_memory_bytes', {}, rss)]),
    ...(fds === null ? [] : [sample('process_open_fds', {}, fds)]),
    sample('nodejs_eventloop_time_seconds_total', { state: 'active' }, active / 1_000),
    sample('nodejs_eventloop_time_seconds_total', { state: 'idle' }, idle / 1_000),
  ]
}

/** Without the one that reads the folder. */
function openFds(): number {
  return readdirSync('/proc/self/fd').length - 1
}

function known(ask: () => number): number | null {
  try {
    return ask()
  } catch {
    return null
  }
}
