// Carries a reload or a restart forward, one slot after the other, a little at each step, and turns a failed reload back.
// A reload: surge worker → ready and survived → it takes the slot, the old one drains. A restart: drain → boot → ready.

import { mayRemove } from './disruption-budget.ts'
import { drainWorker, killWorker } from './end-worker.ts'
import { gateAdmits } from './restart-gate.ts'
import { fork, hasRoom } from './start-workers.ts'
import { type App, isReady, type Rollout, type Slot } from './state.ts'
import type { Turn } from './turn.ts'

type Reload = Extract<Rollout, { kind: 'reload' }>
type Restart = Extract<Rollout, { kind: 'restart' }>

/** Attempts to restore the old release before what works is kept: its files may have been overwritten. */
const RESTORE_ATTEMPTS = 3

export function rollOut(turn: Turn, app: App): void {
  if (app.phase.status !== 'active' || app.rollout === null) return
  if (app.rollout.kind === 'reload') reloadSlots(turn, app, app.rollout)
  else restartSlots(turn, app, app.rollout)
}

function reloadSlots(turn: Turn, app: App, reload: Reload): void {
  const goal = goalOf(reload)
  const slots = app.slots.filter((slot) => !slot.retired)
  for (const slot of slots) {
    if (slot.next !== null) takeOver(turn, app, slot, goal)
    if (slot.generation !== goal && slot.next === null) adopt(turn, app, slot, goal)
  }
  const restoringFailed = reload.back !== null && reload.back.attempts >= RESTORE_ATTEMPTS
  const arrived = slots.every(
    (slot) => isSettled(slot) && slot.leaving.length === 0 && slot.next === null && slot.generation === goal,
  )
  if (arrived || (restoringFailed && slots.every((slot) => slot.next === null))) finishReload(turn, app, goal)
}

/** Serving, or ended by policy or by hand while the rollout went on. */
function isSettled(slot: Slot): boolean {
  return slot.current === null ? slot.vacancy.status === 'parked' : isReady(slot.current)
}

/** A slot without a worker simply changes sides, before anybody starts one on the wrong side. */
export function moveVacantSlots(app: App): void {
  if (app.phase.status !== 'active' || app.rollout?.kind !== 'reload') return
  const goal = goalOf(app.rollout)
  for (const slot of app.slots) {
    if (slot.current !== null || slot.next !== null || slot.generation === goal || slot.retired) continue
    slot.generation = goal
    // What was stopped by hand, or ended by policy, stays so.
    if (slot.vacancy.status === 'backoff') slot.vacancy = { status: 'empty' }
  }
}

function goalOf(reload: Reload): number {
  return reload.back === null ? reload.to : reload.from
}

/** A slot that serves gets a surge worker beside the one it has. */
function adopt(turn: Turn, app: App, slot: Slot, goal: number): void {
  const reload = app.rollout as Reload
  const { current } = slot
  if (current === null) return
  if (current.stage.status === 'draining' || current.stage.status === 'killing') return
  if (!isReady(current)) {
    // Booting on the wrong side: it serves nobody yet, so it makes way at once.
    if (current.generation !== goal) killWorker(turn, app, slot, current, reload.back === null ? 'reload' : 'rollback')
    return
  }
  if (reload.back !== null && reload.back.attempts >= RESTORE_ATTEMPTS) return
  if (turn.now < reload.waitUntil) return
  const replacing = app.slots.filter(({ next }) => next !== null).length
  if (reload.settings.reload.surge > 0) {
    const admitted = gateAdmits(slot.gate, turn.now) && gateAdmits(app.gate, turn.now)
    if (admitted && replacing < reload.settings.reload.surge && hasRoom(turn, app)) {
      slot.next = fork(turn, app, slot, goal)
    }
  } else if (mayRemove(app)) {
    drainWorker(turn, app, slot, current, reload.back === null ? 'reload' : 'rollback')
  }
}

function takeOver(turn: Turn, app: App, slot: Slot, goal: number): void {
  const reload = app.rollout as Reload
  const { next, current } = slot
  if (next === null) return
  if (next.generation !== goal) {
    // The reload turned back while this one was on its way.
    killWorker(turn, app, slot, next, 'rollback')
    return
  }
  if (!isReady(next)) return
  if (current !== null && isReady(current) && !mayRemove(app)) return
  slot.next = null
  slot.current = next
  slot.generation = goal
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

function finishReload(turn: Turn, app: App, goal: number): void {
  const reload = app.rollout as Reload
  const tookMs = turn.now - reload.startedAt
  const { request } = reload
  app.rollout = null
  if (reload.back === null) {
    app.generation = goal
    app.settings = reload.settings
    app.endpoints = reload.endpoints
    turn.emit({ type: 'reload.finished', app: app.name, generation: goal, request, tookMs })
    return
  }
  const kept = app.slots.filter((slot) => slot.current?.generation === goal).length
  const { failure } = reload.back
  turn.emit({ type: 'reload.rolledBack', app: app.name, generation: goal, request, kept, failure, tookMs })
}

function restartSlots(turn: Turn, app: App, restart: Restart): void {
  const inHand = app.slots.find((slot) => slot.number === restart.inHand)
  if (inHand !== undefined) {
    if (inHand.leaving.length > 0 || !isSettled(inHand)) return
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
