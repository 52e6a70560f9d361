// The disruption budget: no planned action may take an app below its floor, and planned removals go one by one.

import type { AppSettings } from '../config/settings.ts'
import { type App, allWorkers, readyCount, wantedSlots } from './state/app.ts'
import { isComputing } from './state/worker.ts'

/** A reload goes by the settings that it brings, in both: those of before may not go together with them. */
export function budgetOf(app: App): Pick<AppSettings['reload'], 'surge' | 'maxUnavailable'> {
  return (app.rollout?.kind === 'reload' ? app.rollout.settings : app.settings).reload
}

/** The fewest ready workers that resil accepts of its own will. Parked slots want none, so they ask for none. */
export function floorOf(app: App, { maxUnavailable } = budgetOf(app)): number {
  return Math.max(0, wantedSlots(app).length - maxUnavailable)
}

/** May one more ready worker be drained by plan now? */
export function mayRemove(app: App): boolean {
  const atWork = readyCount(app) + allWorkers(app).filter(isComputing).length
  return atWork - 1 >= floorOf(app) && mayRemoveUnready(app)
}

/** One that gets no traffic is not missed, so the floor has nothing to say about it. */
export function mayRemoveUnready(app: App): boolean {
  return removalsInFlight(app) < Math.max(1, budgetOf(app).maxUnavailable)
}

/** Planned removals of every cause that have not ended yet. */
function removalsInFlight(app: App): number {
  return allWorkers(app).filter(({ stage }) => stage.status === 'draining' || isPlannedKill(stage)).length
}

function isPlannedKill(stage: { readonly status: string; readonly reason?: string }): boolean {
  return stage.status === 'killing' && stage.reason === 'drain-deadline'
}
