// Carries a reload or a restart forward, one slot after the other, a little at each step, and turns a failed reload back.
// A reload: surge worker → ready and survived → it takes the slot, the old one drains. A restart: drain → boot → ready.

import { mayRemove, mayRemoveUnready } from './disruption-budget.ts'
import { failCanary, failRestart, RESTORE_ATTEMPTS, restoreFailed, withdrawNext } from './end-rollout.ts'
import { drainWorker } from './end-worker.ts'
import { finishReload } from './finish-reload.ts'
import { pardonApp, pardonSlot } from './open-gates.ts'
import { isDone, isKeptDown, isParked, keepPace, stalled } from './rollout-pace.ts'
import { fork, hasRoomForSurge } from './start-workers.ts'
import { type App, allWorkers } from './state/app.ts'
import { goalOf, isHeld, type Rollout } from './state/rollout.ts'
import { generationOf, type Slot } from './state/slot.ts'
import { isBooting, isReady, isUnwell } from './state/worker.ts'
import type { Turn } from './turn.ts'
import { advanceCanary, canaryRoom } from './watch-canary.ts'

type Reload = Extract<Rollout, { kind: 'reload' }>
type Restart = Extract<Rollout, { kind: 'restart' }>

export function rollOut(turn: Turn, app: App): void {
  if (app.rollout === null || turn.state.phase.status !== 'running') return
  if (app.phase.status === 'active') {
    if (app.rollout.kind === 'reload') reloadSlots(turn, app, app.rollout)
    else restartSlots(turn, app, app.rollout)
  }
  keepPace(turn, app)
}

function reloadSlots(turn: Turn, app: App, begun: Reload): void {
  const failed = advanceCanary(turn, app, begun)
  if (failed !== null) failCanary(app, begun, failed)
  const reload = app.rollout as Reload
  const goal = goalOf(reload)
  const slots = app.slots.filter((slot) => !slot.retired)
  for (const slot of slots) if (slot.next !== null) takeOver(turn, app, slot, goal)
  makeRoom(turn, app, slots, goal)
  for (const slot of unwellFirst(slots)) {
    if (generationOf(slot) !== goal && slot.next === null && canaryRoom(app, app.rollout as Reload) > 0)
      adopt(turn, app, slot, goal)
  }
  const restoringFailed = reload.back !== null && reload.back.attempts >= RESTORE_ATTEMPTS
  const arrived = slots.every((slot) => isDone(app, slot, reload))
  if (isHeld(reload)) return
  if (arrived || (restoringFailed && slots.every((slot) => slot.next === null))) finishReload(turn, app)
}

/**
 * Until a worker of the new release has been ready, a crash is replaced in the old one. Not where the old one never served
 * either; and without surge there is no way to try the new one aside.
 */
function isProven(app: App, reload: Reload, goal: number): boolean {
  // What crashes beside a canary stays with the old release; without surge its own slots have to be emptied first.
  if (isHeld(reload)) return reload.settings.reload.surge === 0
  const serves = allWorkers(app).some((worker) => isReady(worker) && worker.generation === goal)
  return serves || reload.back !== null || reload.settings.reload.surge === 0 || !app.everReady
}

/** A slot without a worker simply changes sides, before anybody starts one on the wrong side. */
export function moveVacantSlots(app: App): void {
  if (app.phase.status !== 'active' || app.rollout?.kind !== 'reload') return
  const goal = goalOf(app.rollout)
  if (!isProven(app, app.rollout, goal)) return
  for (const slot of app.slots) {
    if (slot.current !== null || slot.next !== null || slot.generation === goal || slot.retired) continue
    if (canaryRoom(app, app.rollout) === 0) return
    slot.generation = goal
    pardonSlot(slot)
    // Nothing is known against the new release: its own crashes would have turned it back.
    if (app.rollout.back === null) pardonApp(app)
    // What was stopped by hand, or ended by policy, stays so.
    if (slot.vacancy.status === 'backoff') slot.vacancy = { status: 'empty' }
  }
}

/** A surge worker beside whatever the slot has. */
function adopt(turn: Turn, app: App, slot: Slot, goal: number): void {
  const reload = app.rollout as Reload
  const { current } = slot
  const cause = reload.back === null ? 'reload' : 'rollback'
  if (isParked(slot)) return
  if (current?.stage.status === 'draining' || current?.stage.status === 'killing') return
  // Booting, of a release that was given up, or of an app that never served: it would only hold up the other.
  if (current !== null && !isReady(current) && (reload.back !== null || !app.everReady)) {
    drainWorker(turn, app, slot, current, cause)
    return
  }
  if (reload.back !== null && reload.back.attempts >= RESTORE_ATTEMPTS) return
  if (turn.now < reload.waitUntil) return
  const replacing = app.slots.filter(({ next }) => next !== null).length
  if (reload.settings.reload.surge > 0) {
    // Gates say that the other release can't be restarted. Nothing is known of this one, and it is what a person waits for.
    if (replacing < reload.settings.reload.surge && hasRoomForSurge(turn, app)) {
      slot.next = fork(turn, app, slot, goal, true)
    }
  } else if (current !== null && (isUnwell(current) ? mayRemoveUnready(app) : mayRemove(app))) {
    drainWorker(turn, app, slot, current, cause)
  }
}

/** Their replacement costs the floor nothing, and the others may have to wait for it. */
function unwellFirst(slots: readonly Slot[]): Slot[] {
  return [...slots.filter(({ current }) => isUnwell(current)), ...slots.filter(({ current }) => !isUnwell(current))]
}

/**
 * A new worker is ready and the floor does not let it take over, since another slot's worker gets no traffic. Nobody says that it
 * ever will again, and this reload has no surge left for it: it goes first, and what starts in its place lets the reload go on.
 */
function makeRoom(turn: Turn, app: App, slots: readonly Slot[], goal: number): void {
  const waits = slots.some(({ next, current }) => isReady(next) && isReady(current))
  if (!waits || !mayRemoveUnready(app)) return
  const unwell = slots.find(({ current, next }) => next === null && isUnwell(current) && current.generation !== goal)
  if (unwell?.current != null) drainWorker(turn, app, unwell, unwell.current, 'reload')
}

function takeOver(turn: Turn, app: App, slot: Slot, goal: number): void {
  const reload = app.rollout as Reload
  const { next, current } = slot
  if (next === null) return
  if (next.generation !== goal) {
    // The reload turned back while this one was on its way; or it was to replace an ailing worker that the reload replaces anyway.
    drainWorker(turn, app, slot, next, reload.back === null ? 'reload' : 'rollback')
    return
  }
  if (isUnwell(next) && reload.back !== null) {
    // The old release's own; its readiness failed before its turn came.
    withdrawNext(turn, app, slot)
    restoreFailed(turn, app, reload)
    return
  }
  if (!isReady(next)) return
  if (current !== null && isReady(current) && !mayRemove(app)) return
  slot.next = null
  slot.current = next
  slot.generation = goal
  if (current?.generation !== goal) pardonSlot(slot)
  // A release that serves is kept out of the other slots by its own crashes only, and those turn its reload back.
  if (reload.back === null) pardonApp(app)
  if (current !== null) {
    slot.leaving.push(current)
    drainWorker(turn, app, slot, current, reload.back === null ? 'reload' : 'rollback')
  }
  app.rollout = { ...reload, waitUntil: turn.now + reload.settings.reload.cooldownMs }
  turn.emit({
    type: 'reload.slotReplaced',
    app: app.name,
    generation: goal,
    request: reload.request,
    slot: slot.number,
    bootMs: turn.now - next.forkedAt,
    pid: next.pid,
  })
}

function restartSlots(turn: Turn, app: App, restart: Restart): void {
  const inHand = app.slots.find((slot) => slot.number === restart.inHand)
  if (inHand !== undefined) {
    if (isKeptDown(app, inHand)) return failRestart(turn, app, restart, stalled(inHand, inHand.current, 'gate'))
    if (inHand.leaving.length > 0 || !(isReady(inHand.current) || isParked(inHand))) return
    turn.emit({
      type: 'reload.slotReplaced',
      app: app.name,
      generation: app.generation,
      request: restart.request,
      slot: inHand.number,
      bootMs: turn.now - (inHand.current?.forkedAt ?? turn.now),
      pid: inHand.current?.pid ?? null,
    })
  }
  const [number, ...pending] = restart.pending
  if (number === undefined) {
    app.rollout = null
    turn.emit({
      type: 'reload.finished',
      app: app.name,
      generation: app.generation,
      request: restart.request,
      tookMs: turn.now - restart.startedAt,
    })
    return
  }
  // One at a time counts for crashes too: while another slot boots, this one serves.
  if (app.slots.some(({ current, number: other }) => other !== number && current !== null && isBooting(current))) return
  const advanced: Restart = { ...restart, pending, inHand: number }
  app.rollout = advanced
  const slot = app.slots.find((candidate) => candidate.number === number)
  // The old worker leaves the slot at once, so that the slot is vacant; it starts when that one has gone (start-workers.ts).
  const old = slot?.current ?? null
  // Whatever was forked since the request is new already.
  if (slot !== undefined && old !== null && old.id < restart.firstNew) {
    slot.current = null
    slot.leaving.push(old)
    drainWorker(turn, app, slot, old, 'restart')
  } else {
    // Nothing to wait for, unless it boots.
    restartSlots(turn, app, advanced)
  }
}
