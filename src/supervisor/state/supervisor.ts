// All that the supervisor knows, as plain data, with monotonic milliseconds throughout: this is what step.ts takes and gives
// back. Each noun has its file beside this one; nothing in this folder decides.

import type { Settings } from '../../config/settings.ts'
import { dependenciesFirst } from '../dependencies.ts'
import { type App, allWorkers, copyApp, initialApp } from './app.ts'

export interface SupervisorState {
  phase: Phase
  /** In the order of the config; dependencies are looked up by name. */
  apps: App[]
  /** false: detached, nobody waits for an exit code, so an exhausted app is probed for ever. */
  readonly foreground: boolean
  /** At most so many workers boot at once. */
  readonly bootsAtOnce: number
  nextWorker: number
  /** State of the random generator: the same inputs give the same decisions, jitter included. */
  seed: number
}

export type Phase =
  | { readonly status: 'running' }
  | { readonly status: 'stopping'; readonly cause: string; readonly deadline: number; readonly forced: boolean }
  | { readonly status: 'stopped'; readonly exitCode: number }

export function initialState(options: {
  readonly settings: Settings
  readonly foreground: boolean
  readonly cpus: number
  readonly seed: number
  readonly now: number
}): SupervisorState {
  const { settings, foreground, cpus, seed, now } = options
  return {
    phase: { status: 'running' },
    apps: dependenciesFirst(settings.apps).map((app) => initialApp(app, now)),
    foreground,
    bootsAtOnce: Math.max(1, cpus),
    nextWorker: 1,
    seed,
  }
}

/** A step works on a copy of its own; workers and stages are values and are shared. */
export function copyState(state: SupervisorState): SupervisorState {
  return { ...state, apps: state.apps.map(copyApp) }
}

export function isDrainingProcess(state: SupervisorState, pid: number | undefined): boolean {
  return state.apps
    .flatMap(allWorkers)
    .some((worker) => worker.pid === pid && (worker.stage.status === 'draining' || worker.stage.status === 'killing'))
}
