// The watchdogs' view from outside: each batch that the sampler takes becomes one input of the core, where a watchdog waits for it.
// What follows from it is supervisor/on-workers-sampled.ts's.

import type { Clock } from '../clock.ts'
import type { Input } from '../supervisor/inputs.ts'
import type { SupervisorState } from '../supervisor/state/supervisor.ts'
import { hasMemoryLimit } from '../supervisor/watchdogs/memory-limits.ts'
import type { Executor } from './execute.ts'
import type { Loop } from './loop.ts'
import { type Sample, type Sampler, startSampler } from './sampler.ts'

export function sampleWorkers(loop: Loop, executor: Executor, clock: Clock): Sampler {
  return startSampler({
    pids: () => [process.pid, ...executor.workers().map(({ pid }) => pid)],
    clock,
    isNeeded: () => isWatchedFromOutside(loop.state),
    onSampled: (samples) => {
      if (isWatchedFromOutside(loop.state)) loop.submit(sampledInput(executor.workers(), samples))
    },
  })
}

function isWatchedFromOutside(state: SupervisorState): boolean {
  return state.apps.some(({ settings }) => settings.watchdogs.cpu !== null || hasMemoryLimit(state, settings))
}

function sampledInput(
  workers: readonly { readonly id: number; readonly pid: number }[],
  samples: ReadonlyMap<number, Sample>,
): Input {
  return {
    type: 'workers.sampled',
    samples: workers.flatMap(({ id, pid }) => {
      const sample = samples.get(pid)
      if (sample === undefined) return []
      return [{ worker: id, rssBytes: sample.rss, cpuShare: sample.cpu === null ? null : sample.cpu / 100 }]
    }),
  }
}
