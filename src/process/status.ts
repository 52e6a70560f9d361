// The status document, from what the core decided and what was measured. Every situation has one.

import type { Settings } from '../config/settings.ts'
import type { AppStatus, AppStatusState, WorkerStatus } from '../protocol/status.ts'
import { portsOf } from '../supervisor/settle-apps.ts'
import { startableAt } from '../supervisor/start-workers.ts'
import { type App, allWorkers, readyCount } from '../supervisor/state/app.ts'
import { type Slot, workersOf } from '../supervisor/state/slot.ts'
import type { SupervisorState } from '../supervisor/state/supervisor.ts'
import type { Worker } from '../supervisor/state/worker.ts'
import { limitsReached } from '../supervisor/watchdogs/vitals.ts'
import type { Measured as Measurements } from './incidents/sample-rings.ts'
import type { Sampler } from './sampler.ts'
import { breakersOf, bulkheadsOf } from './strategies.ts'
import type { WorkerHandle } from './worker-handle.ts'

export interface Measured {
  readonly schedule: Settings['schedule']
  readonly sampler: Pick<Sampler, 'of'>
  readonly handleOf: (worker: number) => WorkerHandle | undefined
}

export function appStatuses(state: SupervisorState, measured: Measured, now: number, wallNow: number): AppStatus[] {
  return state.apps.map((app) => appStatus(app, measured, now, wallNow))
}

/** What incidents keep of each worker. */
export function measureWorkers(
  state: SupervisorState,
  measured: Measured,
): { worker: number; measured: Measurements }[] {
  return state.apps.flatMap(allWorkers).map(({ id, pid }) => {
    const sample = measured.sampler.of(pid)
    const beat = measured.handleOf(id)?.beat ?? null
    return {
      worker: id,
      measured: {
        cpu: sample?.cpu ?? null,
        rss: sample?.rss ?? null,
        heapUsed: beat?.heapUsed ?? null,
        delayP99Ms: beat?.delayP99Ms ?? null,
        utilization: beat?.utilization ?? null,
        connections: beat?.connections ?? null,
        requests: beat?.requests ?? null,
      },
    }
  })
}

function appStatus(app: App, measured: Measured, now: number, wallNow: number): AppStatus {
  const strategies = app.slots.flatMap(workersOf).map(({ id }) => [...(measured.handleOf(id)?.strategies ?? [])])
  return {
    name: app.name,
    state: appState(app),
    generation: app.generation,
    instances: app.instances,
    ready: readyCount(app),
    standby: {
      standing: app.reserve.leaving.filter(({ stage }) => stage.status === 'standby').length,
      wanted: app.settings.standby,
      refused: app.standbyRefused,
    },
    restarts: app.slots.reduce((sum, slot) => sum + slot.restarts, 0),
    ports: portsOf(app),
    schedule: scheduleOf(app, measured.schedule),
    workers: [
      ...app.slots.flatMap((slot) => slotStatuses(app, slot, measured, now, wallNow)),
      ...(app.reserve.leaving.length === 0 ? [] : slotStatuses(app, app.reserve, measured, now, wallNow)),
    ],
    gate: app.phase.status === 'active' ? app.gate.status : 'closed',
    breakers: breakersOf(strategies),
    bulkheads: bulkheadsOf(strategies),
  }
}

function scheduleOf({ settings }: App, ofSupervisor: Settings['schedule']): AppStatus['schedule'] {
  if (settings.reusePort) return 'reuse-port'
  return settings.sticky ? 'sticky' : ofSupervisor
}

function appState(app: App): AppStatusState {
  if (app.phase.status !== 'active') return app.phase.status
  if (app.rollout !== null) return 'reloading'
  return app.told
}

function slotStatuses(app: App, slot: Slot, measured: Measured, now: number, wallNow: number): WorkerStatus[] {
  const lastExit =
    slot.lastExit === null ? null : { ...slot.lastExit, atMs: Math.round(wallNow - (now - slot.lastExit.atMs)) }
  const common = { slot: slot.number, restarts: slot.restarts, lastExit }
  const workers = workersOf(slot)
  if (workers.length > 0) return workers.map((worker) => ({ ...common, ...workerStatus(worker, measured, now) }))
  const at = app.phase.status === 'active' ? startableAt(app, slot) : Number.POSITIVE_INFINITY
  return [
    {
      ...common,
      id: null,
      pid: null,
      state: slot.vacancy.status,
      generation: slot.generation,
      inRotation: false,
      uptimeMs: 0,
      cpu: null,
      rss: null,
      heapUsed: null,
      eventLoop: { delayP99Ms: null, utilization: null },
      connections: null,
      requests: null,
      limits: [],
      due: null,
      retryInMs: Number.isFinite(at) ? Math.max(0, Math.round(at - now)) : null,
    },
  ]
}

function workerStatus(
  worker: Worker,
  measured: Measured,
  now: number,
): Omit<WorkerStatus, 'slot' | 'restarts' | 'lastExit'> {
  const sample = measured.sampler.of(worker.pid)
  const beat = measured.handleOf(worker.id)?.beat ?? null
  return {
    id: worker.id,
    pid: worker.pid,
    state: worker.stage.status,
    generation: worker.generation,
    inRotation: worker.inRotation,
    uptimeMs: Math.round(now - worker.forkedAt),
    cpu: sample?.cpu ?? null,
    rss: sample?.rss ?? null,
    heapUsed: beat?.heapUsed ?? null,
    eventLoop: { delayP99Ms: beat?.delayP99Ms ?? null, utilization: beat?.utilization ?? null },
    connections: beat?.connections ?? null,
    requests: beat?.requests ?? null,
    limits: limitsReached(worker.vitals),
    due: worker.due?.cause ?? null,
    retryInMs: null,
  }
}
