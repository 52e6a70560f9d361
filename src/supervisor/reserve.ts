// The reserve: standbys, booted as far as their listen(). It is filled when all is well, and only for apps that listen; a vacant
// slot takes one from it (start-workers.ts). One that dies in reserve costs nobody anything: it is replaced, later each time.

import { backoffMs } from './backoff.ts'
import { drainWorker } from './end-worker.ts'
import { fork, liveRoom } from './start-workers.ts'
import { type App, readyCount, settingsOf, wantedSlots } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import { refOf, type Worker } from './state/worker.ts'
import { bootsInFlight, setStage, type Turn } from './turn.ts'

/** An app that is ready by its message may listen a little later. */
const LISTENS_WITHIN_MS = 10_000

export function keepReserve(turn: Turn, app: App): void {
  endSuperfluous(turn, app)
  if (app.phase.status !== 'active' || turn.state.phase.status !== 'running' || app.rollout !== null) return
  if (app.settings.standby === 0 || app.standbyRefused !== null) return
  const listens = app.slots.some(({ current }) => (current?.endpoints.length ?? 0) > 0)
  if (!listens) {
    if (app.slots.some(({ current }) => turn.now >= quietSince(current) + LISTENS_WITHIN_MS)) {
      refuseStandby(turn, app, 'never-listens')
    }
    return
  }
  if (!isWell(app) || turn.now < app.reserve.replaceFrom) return
  while (hasRoomForStandby(app) && bootsInFlight(turn, 'all') < turn.state.bootsAtOnce) {
    app.reserve.leaving.push(fork(turn, app, app.reserve, app.generation))
  }
}

/** A worker that a standby has replaced before it had gone takes the place of the next standby. */
function hasRoomForStandby(app: App): boolean {
  const { leaving } = app.reserve
  return leaving.length < app.settings.standby && liveRoom(app) + app.settings.standby > leaving.length
}

function quietSince(worker: Worker | null): number {
  return worker?.stage.status === 'ready' ? worker.stage.since : Number.POSITIVE_INFINITY
}

/** What is down comes first, and what keeps it down would keep a standby down too. */
function isWell(app: App): boolean {
  const wanted = wantedSlots(app)
  return readyCount(app) >= wanted.length && [app, ...wanted].every(({ gate }) => gate.status === 'closed')
}

/** When keepReserve wants to look again though nothing happens. */
export function reserveDeadline(app: App): number | null {
  if (app.phase.status !== 'active' || app.settings.standby === 0 || app.standbyRefused !== null) return null
  if (app.reserve.leaving.length < app.settings.standby && app.reserve.replaceDebt > 0) return app.reserve.replaceFrom
  const quiet = app.slots.map(({ current }) => quietSince(current) + LISTENS_WITHIN_MS)
  return app.reserve.leaving.length === 0 ? Math.min(...quiet) : null
}

/** Standbys of a release that is gone, of an app that is gone, or more than are wanted. */
function endSuperfluous(turn: Turn, app: App): void {
  const { leaving } = app.reserve
  const gone = app.phase.status === 'failed' || app.phase.status === 'ended'
  const wanted = app.standbyRefused === null && !gone ? app.settings.standby : 0
  const fresh = leaving.filter((worker) => isCurrent(app, worker))
  for (const worker of leaving) {
    if (!fresh.includes(worker)) drainWorker(turn, app, app.reserve, worker, 'reload')
    else if (fresh.indexOf(worker) >= wanted) drainWorker(turn, app, app.reserve, worker, 'scale')
  }
}

/** While a reload is under way both releases may still need theirs; a restart wants processes that were forked after it. */
function isCurrent(app: App, { generation, id }: Worker): boolean {
  if (app.rollout?.kind === 'restart') return id >= app.rollout.firstNew
  return app.rollout !== null || generation === app.generation
}

export function refuseStandby(turn: Turn, app: App, reason: 'never-listens' | 'listens-alone'): void {
  if (app.standbyRefused !== null) return
  app.standbyRefused = reason
  turn.emit({ type: 'app.standbyRefused', app: app.name, reason })
}

/** It has come to its listen(). */
export function stand(turn: Turn, reserve: Slot, worker: Worker): void {
  if (worker.stage.status !== 'booting') return
  const standing = setStage(reserve, worker, { status: 'standby', since: turn.now })
  turn.emit({ type: 'worker.standing', worker: refOf(standing), bootMs: turn.now - worker.forkedAt })
}

/** How long until the next is forked in its place. */
export function onStandbyLost(turn: Turn, app: App, worker: Worker): number {
  const { restart } = settingsOf(app, worker.generation)
  const { stage } = worker
  const lasted = stage.status === 'standby' && turn.now - stage.since >= restart.stableAfterMs
  app.reserve.replaceDebt = lasted ? 1 : app.reserve.replaceDebt + 1
  const delayMs = backoffMs(app.reserve.replaceDebt + 1, restart.backoff, turn.random())
  app.reserve.replaceFrom = turn.now + delayMs
  return delayMs
}
