// Carries out stops: dependants before what they depend on, all workers of an app at once, one deadline over everything.

import { dependantsGone } from './dependencies.ts'
import { drainWorker } from './end-worker.ts'
import { beginAppStop } from './on-stop-requested.ts'
import { type App, allWorkers, placesOf } from './state/app.ts'
import { workersOf } from './state/slot.ts'
import type { Turn } from './turn.ts'

export function stopApps(turn: Turn): void {
  const { state } = turn
  if (state.phase.status === 'stopping') {
    const { deadline } = state.phase
    for (const app of state.apps) if (mayStop(turn, app, deadline)) beginAppStop(turn, app, deadline)
  }
  for (const app of state.apps) {
    drainLeftovers(turn, app)
    if (app.phase.status === 'stopping') finishStop(turn, app, app.phase)
  }
}

/** What an app depends on stops after it, but in time to be asked nicely itself. */
function mayStop(turn: Turn, app: App, deadline: number): boolean {
  return dependantsGone(app, turn.state.apps) || turn.now >= lastCallAt(app, deadline)
}

export function lastCallAt(app: App, deadline: number): number {
  return deadline - 2 * app.settings.shutdown.killAfterMs
}

function finishStop(turn: Turn, app: App, phase: { readonly drainAt: number; readonly deadline: number }): void {
  if (turn.now >= phase.drainAt) {
    for (const slot of placesOf(app)) {
      for (const worker of workersOf(slot)) drainWorker(turn, app, slot, worker, 'stop', phase.deadline)
    }
  }
  if (allWorkers(app).length > 0) return
  app.phase = { status: 'stopped' }
  turn.emit({ type: 'app.stopped', app: app.name })
}

/** Workers of stopped slots and of apps that were given up: nobody else would end them. */
function drainLeftovers(turn: Turn, app: App): void {
  const gone = app.phase.status === 'failed'
  for (const slot of app.slots) {
    const leftovers = gone ? workersOf(slot) : slot.leaving
    for (const worker of leftovers) drainWorker(turn, app, slot, worker, 'stop')
  }
}
