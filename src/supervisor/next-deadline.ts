// When the state wants to be looked at again though nothing happens: the shell arms one timer for it.

import { readyByTimeAt } from './readiness.ts'
import { replacementLateAt } from './replace-workers.ts'
import { reserveDeadline } from './reserve.ts'
import { exhaustedAt } from './settle-apps.ts'
import { gatesOpenAt, startableAt } from './start-workers.ts'
import { type App, placesOf, settingsOf } from './state/app.ts'
import { workersOf } from './state/slot.ts'
import type { SupervisorState } from './state/supervisor.ts'
import type { Worker } from './state/worker.ts'
import { lastCallAt } from './stop-apps.ts'
import { hangDeadline } from './watch-hangs.ts'

/**
 * Monotonic milliseconds, later than `now`, the time of the last step; Infinity: only an input can change anything.
 * What was due by then has been decided, or waits for an input (a free place, an exit): looking again would not help.
 */
export function nextDeadline(state: SupervisorState, now: number): number {
  let earliest = Number.POSITIVE_INFINITY
  const consider = (at: number | null): void => {
    if (at !== null && at > now && at < earliest) earliest = at
  }
  for (const app of state.apps) {
    consider(reserveDeadline(app))
    for (const slot of placesOf(app)) {
      if (slot.current?.due != null) consider(slot.replaceFrom)
      // A replacement needs the gates as well.
      if (slot.current?.due != null) consider(gatesOpenAt(app, slot))
      if (slot.next !== null) consider(replacementLateAt(slot.next))
      for (const worker of workersOf(slot)) for (const at of workerDeadlines(app, worker)) consider(at)
      if (app.phase.status === 'active' && slot !== app.reserve) consider(startableAt(app, slot))
    }
    if (app.phase.status === 'stopping') consider(app.phase.drainAt)
    consider(app.rollout?.pace?.lateAt ?? null)
    if (app.rollout?.kind === 'reload') {
      consider(app.rollout.waitUntil)
      if (app.rollout.canary?.stage.status === 'observing') consider(app.rollout.canary.stage.until)
    }
    if (state.phase.status === 'stopping') consider(lastCallAt(app, state.phase.deadline))
    consider(exhaustedAt(app, state))
    consider(app.livenessHeldUntil)
  }
  return earliest
}

function workerDeadlines(app: App, worker: Worker): (number | null)[] {
  const { stage } = worker
  const settings = settingsOf(app, worker.generation)
  switch (stage.status) {
    case 'booting':
      return [stage.deadline, readyByTimeAt(worker, settings.ready.on)]
    case 'warming':
      return [stage.readyAt]
    case 'draining':
    case 'killing':
      return [stage.deadline]
    case 'ready':
      return [
        worker.trialOf.length > 0 ? stage.since + settings.restart.stableAfterMs : null,
        // Age is the more urgent of the two.
        worker.due === null || worker.due.cause === 'requests' ? worker.recycle.at : null,
        ...endDeadlines(worker),
        hangDeadline(app, worker),
      ]
    case 'standby':
      return []
    case 'suspect':
      return [...endDeadlines(worker), hangDeadline(app, worker)]
  }
}

function endDeadlines({ due }: Worker): number[] {
  return due?.how === 'end' ? [due.patienceUntil, due.lastCallAt] : []
}
