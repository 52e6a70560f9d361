// The memory limits that a worker has now. Those that were made of the container's memory follow the number of workers: `scale`
// changes it, and with it what each of them may take.

import { type MemoryShare, shareAmong } from '../../config/memory-share.ts'
import type { AppSettings, MemoryLimits } from '../../config/settings.ts'
import { budgetOf } from '../disruption-budget.ts'
import type { App } from '../state/app.ts'
import type { SupervisorState } from '../state/supervisor.ts'
import type { Worker } from '../state/worker.ts'

type Apps = Pick<SupervisorState, 'apps'>

export function memoryLimitsOf(
  state: Apps,
  memory: MemoryLimits | null,
  worker: Pick<Worker, 'heapLimitBytes'>,
): MemoryLimits | null {
  if (memory === null || memory.sharedBytes === null) return memory
  const now = shareNow(state, memory.sharedBytes)
  // V8 ends a worker at the heap that it was started with: its limits stay below that, however much there is for each by now.
  const own = worker.heapLimitBytes === null ? null : shareAmong(worker.heapLimitBytes, 1)
  const { softBytes, hardBytes } = smaller(now, own) ?? { softBytes: null, hardBytes: null }
  return { ...memory, softBytes, hardBytes }
}

/** Of a worker that starts now. null: as V8 thinks best. */
export function heapLimitNow(state: Apps, { heapLimitBytes, watchdogs }: AppSettings): number | null {
  const sharedBytes = watchdogs.memory?.sharedBytes ?? null
  if (heapLimitBytes === null || sharedBytes === null) return heapLimitBytes
  return shareNow(state, sharedBytes)?.shareBytes ?? null
}

/** Whether any worker may have a limit, so that its memory is to be measured. */
export function hasMemoryLimit(state: Apps, { watchdogs: { memory } }: AppSettings): boolean {
  const limits = memoryLimitsOf(state, memory, { heapLimitBytes: null })
  return limits !== null && (limits.softBytes !== null || limits.hardBytes !== null)
}

function shareNow({ apps }: Apps, sharedBytes: number): MemoryShare | null {
  return shareAmong(
    sharedBytes,
    apps.reduce((sum, app) => sum + mostProcesses(app), 0),
  )
}

function mostProcesses(app: App): number {
  return app.instances + budgetOf(app).surge + app.settings.standby
}

function smaller(one: MemoryShare | null, other: MemoryShare | null): MemoryShare | null {
  if (one === null || other === null) return one
  return one.shareBytes <= other.shareBytes ? one : other
}
