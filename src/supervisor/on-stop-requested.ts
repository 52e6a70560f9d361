// Stop: a slot, an app, or all. Records the wish and arms the one deadline; stop-apps.ts carries it out.

import { supersedeRollout } from './end-rollout.ts'
import { killNow } from './end-worker.ts'
import type { ControlInput } from './inputs.ts'
import { type App, placesOf } from './state/app.ts'
import { workersOf } from './state/slot.ts'
import { findApp, type Turn } from './turn.ts'

export function onStopRequested(turn: Turn, input: Extract<ControlInput, { type: 'stop.requested' }>): void {
  if (input.app === null) return stopSupervisor(turn, input.cause, input.force)
  const app = findApp(turn, input.app)
  if (app === undefined) return
  if (input.slot === null) beginAppStop(turn, app, turn.now + app.settings.shutdown.deadlineMs)
  else stopSlot(turn, app, input.slot)
  if (input.force) killApp(turn, app, input.slot)
}

function stopSupervisor(turn: Turn, cause: string, force: boolean): void {
  const { state, now } = turn
  if (state.phase.status === 'stopped') return
  const deadlineMs = Math.max(...state.apps.map((app) => app.settings.shutdown.deadlineMs))
  const running = state.phase.status === 'running'
  if (running) for (const app of state.apps) supersedeRollout(turn, app, 'stop')
  if (running || force) {
    const deadline = state.phase.status === 'stopping' ? state.phase.deadline : now + deadlineMs
    state.phase = { status: 'stopping', cause, deadline, forced: force }
    turn.emit({ type: 'supervisor.stopping', cause, deadlineMs: deadline - now, forced: force })
  }
  if (force) for (const app of state.apps) killApp(turn, app, null)
}

/** From here on nothing of the app is started; a rollout under way ends. */
export function beginAppStop(turn: Turn, app: App, deadline: number): void {
  const { status } = app.phase
  if (status === 'stopping' || status === 'stopped' || status === 'failed' || status === 'ended') return
  supersedeRollout(turn, app, 'stop')
  const drainAt = Math.min(deadline, turn.now + app.settings.shutdown.readinessDelayMs)
  app.phase = { status: 'stopping', drainAt, deadline }
}

function stopSlot(turn: Turn, app: App, number: number): void {
  const slot = app.slots.find((candidate) => candidate.number === number)
  if (slot === undefined) return
  slot.vacancy = { status: 'parked', exitCode: null }
  slot.leaving = workersOf(slot)
  slot.current = null
  slot.next = null
  turn.emit({ type: 'slot.parked', app: app.name, slot: number })
}

function killApp(turn: Turn, app: App, only: number | null): void {
  for (const slot of placesOf(app)) {
    if (only !== null && slot.number !== only) continue
    for (const worker of workersOf(slot)) killNow(turn, slot, worker, 'forced')
  }
}
