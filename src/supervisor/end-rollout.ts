// How a rollout ends badly: its first failure turns a reload back and ends a restart; the end of the app ends it too.

import type { ExitDetails, ReloadFailure } from '../events/events.ts'
import { backoffMs } from './backoff.ts'
import type { App, Rollout, Slot, Worker } from './state.ts'
import type { Turn } from './turn.ts'

/** The first failure before ready turns a reload back, and ends a restart. Later crashes are ordinary ones. */
export function failRollout(
  turn: Turn,
  app: App,
  slot: Slot,
  worker: Worker,
  exit: ExitDetails | null,
  missing?: string[],
): void {
  const { rollout } = app
  if (rollout === null) return
  const failure: ReloadFailure = {
    slot: slot.number,
    worker: worker.id,
    reason: missing === undefined ? (exit?.kind ?? 'boot-failure') : 'missing-port',
    exit,
    missing: missing ?? [],
  }
  if (rollout.kind === 'restart') {
    if (rollout.inHand !== slot.number) return
    app.rollout = null
    const tookMs = turn.now - rollout.startedAt
    turn.emit({ type: 'restart.failed', app: app.name, request: rollout.request, failure, tookMs })
    return
  }
  if (worker.generation !== rollout.to) return onRestoreFailed(turn, app, rollout)
  if (rollout.back !== null) return
  app.rollout = { ...rollout, back: { failure, attempts: 0 } }
}

/** While going back: an old-generation worker that can't boot any more (its files were overwritten) is tried again, later. */
function onRestoreFailed(turn: Turn, app: App, rollout: Extract<Rollout, { kind: 'reload' }>): void {
  if (rollout.back === null) return
  const attempts = rollout.back.attempts + 1
  const waitMs = backoffMs(attempts + 1, app.settings.restart.backoff, turn.random())
  app.rollout = { ...rollout, back: { ...rollout.back, attempts }, waitUntil: turn.now + waitMs }
}

/** The app has ended in some way before its rollout did. */
export function supersedeRollout(turn: Turn, app: App, by: 'stop' | 'failure'): void {
  const { rollout } = app
  if (rollout === null) return
  const { request } = rollout
  app.rollout = null
  turn.emit({ type: 'reload.superseded', app: app.name, generation: app.generation, request, by })
}

/** The app is not tried any more. Workers that are ready (of an exhausted app with `exit`) are left to the stop that follows. */
export function giveUp(
  turn: Turn,
  app: App,
  reason: 'never-ready' | 'exhausted' | 'dependency',
  exit: ExitDetails | null,
): void {
  supersedeRollout(turn, app, 'failure')
  app.phase = { status: 'failed', reason, exit }
  turn.emit({ type: 'app.failed', app: app.name, reason, exit })
}
