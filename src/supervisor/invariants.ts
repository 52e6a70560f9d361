// What must hold in every state the core can reach, as far as one state shows it (all of it: docs/architecture.md, Invariants).
// Property tests look after each step; production tells it as an event.

import { type App, placesOf } from './state/app.ts'
import { workersOf } from './state/slot.ts'
import type { SupervisorState } from './state/supervisor.ts'

export interface Violation {
  /** Its number in docs/architecture.md. */
  readonly invariant: number
  readonly message: string
}

/** `firstNew`: the lowest id that the last step could give to a worker. */
export function violations(state: SupervisorState, firstNew: number): Violation[] {
  return state.apps.flatMap((app) => [
    ...tooManyProcesses(app, firstNew),
    ...tooManyTrials(app),
    ...missingDeadlines(app),
  ])
}

/**
 * 1: nobody is forked beyond instances + surge + standby live processes, unkillable ones included. What scale took away is on its
 * way out and counts apart. Where fewer are wanted than there were, those that leave already may be more until they have gone.
 */
function tooManyProcesses(app: App, firstNew: number): Violation[] {
  // Of a reload that was given up, what it had begun is still on its way out.
  const surge = Math.max(
    app.settings.reload.surge,
    app.rollout?.kind === 'reload' ? app.rollout.settings.reload.surge : 0,
    ...app.kept.map(({ settings }) => settings.reload.surge),
  )
  const standby = Math.max(app.settings.standby, app.rollout?.kind === 'reload' ? app.rollout.settings.standby : 0)
  // Of a reserve that a reload made smaller, what is ending counts apart as well.
  const standing = app.reserve.leaving.filter(({ stage }) => stage.status === 'booting' || stage.status === 'standby')
  if (standing.length > standby) {
    return [{ invariant: 1, message: `${app.name} has ${standing.length} standbys, more than ${standby}` }]
  }
  const live = [...app.slots.filter(({ retired }) => !retired).flatMap(workersOf), ...standing]
  if (live.length <= app.instances + surge + standby || live.every(({ id }) => id < firstNew)) return []
  const most = `${app.instances} + ${surge}${standby === 0 ? '' : ` + ${standby}`}`
  return [{ invariant: 1, message: `${app.name} has ${live.length} processes, more than ${most}` }]
}

/** 5: behind an open gate there is at most one trial. */
function tooManyTrials(app: App): Violation[] {
  const found: Violation[] = []
  const trials = app.slots.flatMap(workersOf).filter(({ trialOf }) => trialOf.includes('app'))
  if (app.gate.status !== 'closed' && trials.length > 1) {
    found.push({ invariant: 5, message: `${app.name} has ${trials.length} trials behind its gate` })
  }
  for (const slot of app.slots) {
    const behindSlot = workersOf(slot).filter(({ trialOf }) => trialOf.includes('slot'))
    if (slot.gate.status !== 'closed' && behindSlot.length > 1) {
      found.push({
        invariant: 5,
        message: `${app.name}:${slot.number} has ${behindSlot.length} trials behind its gate`,
      })
    }
  }
  return found
}

/** 7: whoever boots, drains or is killed has a deadline that will come. */
function missingDeadlines(app: App): Violation[] {
  return placesOf(app)
    .flatMap(workersOf)
    .filter(({ stage }) => 'deadline' in stage && !Number.isFinite(stage.deadline))
    .map(({ id, stage }) => ({
      invariant: 7,
      message: `${app.name}: worker ${id} is ${stage.status} without a deadline`,
    }))
}
