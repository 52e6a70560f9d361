// When a booting worker counts as ready, by what `ready.on` says.

import type { AppSettings } from '../config/settings.ts'
import type { App } from './state/app.ts'
import type { ReadyBy } from './state/stage.ts'
import type { Worker } from './state/worker.ts'

/** An app that never listens is taken as ready when its entry was loaded and it then lived for so long. */
const QUIET_READY_MS = 10_000
const STARTED_READY_MS = 1_000

/** What made it ready; null: not yet. `required`: what workers of the last generation listened on. */
export function readySignal(
  worker: Worker,
  app: Pick<App, 'usesReadyMessage'>,
  { ready, probes }: Pick<AppSettings, 'ready' | 'probes'>,
  required: readonly string[],
  now: number,
): ReadyBy | null {
  if (missingEndpoints(worker, required).length > 0) return null
  // What it said while its listen() was held back does not count.
  if (worker.promotedAt !== null && worker.endpoints.length === 0) return null
  const { startup, readiness } = worker.probes
  if (probes.startup !== null && startup?.passing !== true) return null
  if (probes.readiness !== null && readiness?.passing !== true) return null
  const aliveFor = worker.loadedAt === null ? -1 : now - worker.loadedAt
  switch (ready.on) {
    case 'message':
      return worker.messagedReady ? 'message' : null
    case 'listening':
      return worker.endpoints.length > 0 ? 'listening' : null
    case 'probe':
      return 'probe'
    case 'started':
      return aliveFor >= STARTED_READY_MS ? 'started' : null
    case 'auto':
      if (worker.messagedReady) return 'message'
      if (app.usesReadyMessage) return null
      if (worker.endpoints.length > 0) return 'listening'
      return aliveFor >= QUIET_READY_MS ? 'started' : null
  }
}

/** When time alone could make it ready; null: only an event can. */
export function readyByTimeAt(worker: Worker, on: AppSettings['ready']['on']): number | null {
  if (worker.loadedAt === null) return null
  if (on === 'started') return worker.loadedAt + STARTED_READY_MS
  if (on === 'auto' && worker.endpoints.length === 0) return worker.loadedAt + QUIET_READY_MS
  return null
}

export function missingEndpoints(worker: Worker, required: readonly string[]): string[] {
  return required.filter((endpoint) => !worker.endpoints.includes(endpoint))
}

/** What every one of these workers listens on, and who comes after them can be asked to. */
export function commonEndpoints(workers: readonly Worker[]): string[] {
  const [first, ...rest] = workers
  if (first === undefined) return []
  const fixed = first.endpoints.filter((endpoint) => !first.ephemeral.includes(endpoint))
  return fixed.filter((endpoint) => rest.every((other) => other.endpoints.includes(endpoint)))
}
