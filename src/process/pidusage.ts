// Measuring where there is no /proc: macOS, Windows, BSD. Each look runs `ps` or asks other threads.

import pidusage from 'pidusage'
import type { Measure, Sample } from './sampler.ts'

/** It remembers each pid that it has seen: in a crash loop its default of a minute would pile them up. */
const FORGET_AFTER_MS = 15_000

export function measureByPidusage(): Measure {
  return {
    take: async (pids) => new Map((await Promise.all(pids.map(take))).filter((entry) => entry !== null)),
    close: () => pidusage.clear(),
  }
}

/** A pid that ends while it is read must not hide the others. */
async function take(pid: number): Promise<[number, Sample] | null> {
  try {
    const { cpu, memory } = await pidusage(pid, { maxage: FORGET_AFTER_MS })
    return [pid, { cpu: Math.round(cpu * 10) / 10, rss: memory }]
  } catch {
    return null
  }
}
