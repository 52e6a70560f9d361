// Every reload and restart ends, whatever its workers do: each leg of it has so long for the next slot, and when that is over it
// turns back, or ends where it stands and says what it waited for. What moves it is roll-out.ts.

import type { ReloadFailure, StallCause } from '../events/family/reload.ts'
import { failReload, failRestart, RESTORE_ATTEMPTS, withdrawSurge } from './end-rollout.ts'
import { finishReload } from './finish-reload.ts'
import { isGated } from './open-gates.ts'
import type { App } from './state/app.ts'
import { goalOf, isHeld, type Rollout } from './state/rollout.ts'
import { generationOf, type Slot, workersOf } from './state/slot.ts'
import type { SupervisorState } from './state/supervisor.ts'
import { isComputing, isReady, isUnwell, type Worker } from './state/worker.ts'
import type { Turn } from './turn.ts'

type Reload = Extract<Rollout, { kind: 'reload' }>

/** Its place in the reload's order has come: the right release is ready, and whoever was to leave it has left. */
export function isDone(app: App, slot: Slot, reload: Reload): boolean {
  if (slot.leaving.length > 0 || slot.next !== null) return false
  return hasArrived(slot, goalOf(reload)) || (reload.back !== null && isKeptDown(app, slot))
}

function hasArrived(slot: Slot, goal: number): boolean {
  if (isParked(slot)) return true
  return generationOf(slot) === goal && (isReady(slot.current) || isComputing(slot.current))
}

/** Ended by policy or by hand: nobody waits for it. */
export function isParked(slot: Slot): boolean {
  return slot.current === null && slot.vacancy.status === 'parked'
}

/** Its own release has crashed too often: when that comes back is up to its gate, or to a person. */
export function isKeptDown(app: App, slot: Slot): boolean {
  return slot.current === null && slot.leaving.length === 0 && slot.vacancy.status !== 'parked' && isGated(app, slot)
}

/** To be asked when all has been done that can be done now. */
export function keepPace(turn: Turn, app: App): void {
  const { rollout } = app
  if (rollout === null) return
  const leg = legOf(app, rollout)
  const left = slotsLeft(app, rollout)
  const { pace } = rollout
  if (pace === null || pace.leg !== leg || left < pace.left) {
    app.rollout = { ...rollout, pace: { leg, left, lateAt: legStart(turn, rollout) + patienceMs(turn.state, app) } }
  } else if (turn.now >= pace.lateAt) {
    // What follows from its end is decided in the next pass.
    turn.marks += 1
    endLate(turn, app, rollout)
  }
}

/** The supervisor did not look for so long. */
export function grantPace(app: App, lateMs: number): void {
  const { rollout } = app
  if (rollout?.pace == null) return
  app.rollout = { ...rollout, pace: { ...rollout.pace, lateAt: rollout.pace.lateAt + lateMs } }
}

/** There are as many as changes of mind, and a few more; each has its own time. */
function legOf(app: App, rollout: Rollout): string {
  return [app.phase.status, app.instances, directionOf(rollout)].join(' ')
}

function directionOf(rollout: Rollout): string {
  if (rollout.kind === 'restart') return 'restart'
  if (rollout.back !== null) return `back ${Math.min(rollout.back.attempts, RESTORE_ATTEMPTS)}`
  return rollout.canary?.stage.status ?? 'forward'
}

function slotsLeft(app: App, rollout: Rollout): number {
  if (rollout.kind === 'restart') return rollout.pending.length
  return app.slots.filter((slot) => !slot.retired && !isDone(app, slot, rollout)).length
}

/** A canary is not late before it has been watched. */
function legStart(turn: Turn, rollout: Rollout): number {
  const stage = rollout.kind === 'reload' ? rollout.canary?.stage : undefined
  return stage?.status === 'observing' ? Math.max(turn.now, stage.until) : turn.now
}

/**
 * The longest that the next slot can take where nothing is wrong but what has its own end: another boot may be before it on this
 * machine, a crashed worker of its app may be in backoff, then it boots, survives, and the old one drains to its deadline.
 */
export function patienceMs(state: Pick<SupervisorState, 'apps'>, app: App): number {
  const rounds = [app.settings, ...(app.rollout?.kind === 'reload' ? [app.rollout.settings] : [])]
  const steps = rounds.map(({ ready, shutdown, reload, restart }) => {
    const { maxMs, jitter } = restart.backoff
    return (
      maxMs * (1 + jitter) +
      ready.timeoutMs +
      ready.minReadyMs +
      shutdown.deadlineMs +
      2 * shutdown.killAfterMs +
      reload.cooldownMs
    )
  })
  return Math.max(...steps) + Math.max(...state.apps.map(({ settings }) => settings.ready.timeoutMs))
}

function endLate(turn: Turn, app: App, rollout: Rollout): void {
  const failure = whatHoldsUp(app, rollout)
  if (rollout.kind === 'restart') return failRestart(turn, app, rollout, failure)
  const goal = goalOf(rollout)
  const isThere = app.slots.every((each) => each.retired || (each.next === null && hasArrived(each, goal)))
  // Only who can't be killed is left of the old one: no fault of the new one.
  if (rollout.back !== null || (isThere && !isHeld(rollout))) return finishLate(turn, app)
  failReload(turn, app, rollout, failure)
  // It has not begun: there is no way back to go.
  if (app.phase.status === 'waiting' && app.rollout?.kind === 'reload') finishLate(turn, app)
}

function finishLate(turn: Turn, app: App): void {
  withdrawSurge(turn, app)
  finishReload(turn, app)
}

/** The likeliest, for the person who asked. */
function whatHoldsUp(app: App, rollout: Rollout): ReloadFailure {
  const slots = app.slots.filter((slot) => rollout.kind === 'reload' || slot.number === rollout.inHand)
  const first =
    slots.find((slot) => rollout.kind === 'restart' || !isDone(app, slot, rollout)) ?? app.slots[0] ?? app.reserve
  if (app.phase.status === 'waiting') return stalled(first, null, 'dependency')
  const found = (stall: StallCause, is: (worker: Worker) => boolean): ReloadFailure | null => {
    for (const slot of slots) {
      const worker = workersOf(slot).find(is)
      if (worker !== undefined) return stalled(slot, worker, stall)
    }
    return null
  }
  return (
    found('unkillable', ({ stage }) => stage.status === 'killing' && stage.signal === 'SIGKILL') ??
    found('silent', ({ stage }) => stage.status === 'suspect') ??
    found('unready', isUnwell) ??
    stalled(first, first.next ?? first.current, first.next === null ? 'room' : 'floor')
  )
}

export function stalled(slot: Slot, worker: Worker | null, stall: StallCause): ReloadFailure {
  return { slot: slot.number, worker: worker?.id ?? 0, reason: 'stalled', exit: null, missing: [], stall }
}
