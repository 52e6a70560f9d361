// Which vacant slots get a worker now. One place for all limits: dependencies, backoff, gates, boots at once, total processes.

import { budgetOf } from './disruption-budget.ts'
import { startsInRotation } from './probes/rotation.ts'
import { recycleLimits } from './recycle.ts'
import { enterGate, gateAdmits, gateOpensAt } from './restart-gate.ts'
import { type App, settingsOf } from './state/app.ts'
import { type Slot, workersOf } from './state/slot.ts'
import { isBooting, refOf, type Worker } from './state/worker.ts'
import { bootsInFlight, removeWorker, type Turn } from './turn.ts'
import { heapLimitNow } from './watchdogs/memory-limits.ts'
import { freshVitals } from './watchdogs/vitals.ts'

export function startWorkers(turn: Turn, app: App): void {
  if (app.phase.status !== 'active' || turn.state.phase.status !== 'running') return
  for (const slot of app.slots) {
    if (!mayStart(app, slot, turn.now)) continue
    // A standby has booted already: no boot more, and a gap of milliseconds.
    const standby = standbyFor(app, slot)
    if (standby !== null) slot.current = promote(turn, app, slot, standby)
    else if (hasRoom(turn, app)) slot.current = fork(turn, app, slot, slot.generation)
  }
}

function mayStart(app: App, slot: Slot, now: number): boolean {
  return (
    slot.current === null &&
    !slot.retired &&
    !waitsForOld(app, slot) &&
    now >= vacantUntil(slot) &&
    gateAdmits(slot.gate, now) &&
    gateAdmits(app.gate, now)
  )
}

/** A restart promises old before new. */
function waitsForOld(app: App, slot: Slot): boolean {
  return app.rollout?.kind === 'restart' && app.rollout.inHand === slot.number && slot.leaving.length > 0
}

/** When a slot without a worker may have one, the gates aside; Infinity: not by time. */
function vacantUntil(slot: Slot): number {
  switch (slot.vacancy.status) {
    case 'empty':
      return 0
    case 'backoff':
      return slot.vacancy.until
    case 'parked':
      return Number.POSITIVE_INFINITY
  }
}

/** When time alone lets this vacant slot start; for the supervisor's timer. */
export function startableAt(app: App, slot: Slot): number {
  if (slot.current !== null || slot.retired) return Number.POSITIVE_INFINITY
  return Math.max(vacantUntil(slot), gatesOpenAt(app, slot))
}

export function gatesOpenAt(app: App, slot: Slot): number {
  return Math.max(gateOpensAt(slot.gate), gateOpensAt(app.gate))
}

/** Whether somebody who waits for the app will soon meet a worker: one boots, or may start within `withinMs`. */
export function replacementDue(app: App, now: number, withinMs: number): boolean {
  if (app.phase.status !== 'active') return false
  return app.slots.some((slot) => workersOf(slot).some(isBooting) || startableAt(app, slot) - now <= withinMs)
}

/** Room for one more process of the app (what scale took away does not count: it is leaving), and for one more boot on this machine. */
function hasRoom(turn: Turn, app: App): boolean {
  // A surge worker that hangs in its boot must not keep a slot that is down from coming back.
  return liveRoom(app) > 0 && bootsInFlight(turn, 'slots') < turn.state.bootsAtOnce
}

export function hasRoomForSurge(turn: Turn, app: App): boolean {
  return liveRoom(app) > 0 && bootsInFlight(turn, 'all') < turn.state.bootsAtOnce
}

/** How many more processes the slots may have; below 0 where standbys were promoted beside workers that leave. */
export function liveRoom(app: App): number {
  const kept = app.slots.filter(({ retired }) => !retired)
  return app.instances + budgetOf(app).surge - kept.flatMap(workersOf).length
}

/**
 * Makes the worker's record and asks for the process. The caller puts it in its place. `aside`: the gates are about another
 * release than its own, so it is no trial behind them.
 */
export function fork(turn: Turn, app: App, slot: Slot, generation: number, aside = false): Worker {
  const { state, now } = turn
  const configured = settingsOf(app, generation)
  const settings = { ...configured, heapLimitBytes: heapLimitNow(state, configured) }
  const trialOf = aside ? [] : enterGates(app, slot)
  const worker: Worker = {
    id: state.nextWorker,
    app: app.name,
    slot: slot.number,
    generation,
    pid: null,
    forkedAt: now,
    stage: { status: 'booting', deadline: now + settings.ready.timeoutMs },
    endpoints: [],
    ephemeral: [],
    loadedAt: null,
    messagedReady: false,
    listenFailure: null,
    trialOf,
    due: null,
    probes: { startup: null, liveness: null, readiness: null },
    inRotation: startsInRotation(app, generation),
    promotedAt: null,
    recycle: recycleLimits(settings.recycle, now, turn.random),
    heapLimitBytes: settings.heapLimitBytes,
    vitals: freshVitals,
  }
  state.nextWorker += 1
  const standby = slot === app.reserve
  turn.commands.push({
    type: 'fork',
    worker: worker.id,
    app: app.name,
    slot: slot.number,
    generation,
    settings,
    standby,
  })
  if (!worker.inRotation) turn.commands.push({ type: 'rotate', worker: worker.id, inRotation: false })
  tellTrial(turn, app, slot, worker)
  return worker
}

/** Takes the permits that a start needs; the gates behind which it is the one trial. */
function enterGates(app: App, slot: Slot): ('slot' | 'app')[] {
  const trialOf: ('slot' | 'app')[] = []
  if (slot.gate.status !== 'closed') trialOf.push('slot')
  if (app.gate.status !== 'closed') trialOf.push('app')
  slot.gate = enterGate(slot.gate)
  app.gate = enterGate(app.gate)
  return trialOf
}

function tellTrial(turn: Turn, app: App, slot: Slot, worker: Worker): void {
  if (worker.trialOf.length === 0) return
  const told = worker.trialOf.includes('app') ? null : slot.number
  turn.emit({ type: 'gate.trialStarted', app: app.name, slot: told, worker: refOf(worker) })
}

/** The longest-standing one of the slot's generation. A restart wants processes that were forked for it. */
function standbyFor(app: App, slot: Slot): Worker | null {
  if (app.rollout?.kind === 'restart' && app.rollout.inHand === slot.number) return null
  const fits = ({ stage, generation }: Worker) => stage.status === 'standby' && generation === slot.generation
  return app.reserve.leaving.find(fits) ?? null
}

/** From here on it is a booting worker of the slot like any other, with only its listen() to come. */
function promote(turn: Turn, app: App, slot: Slot, standby: Worker): Worker {
  const { now } = turn
  removeWorker(app.reserve, standby.id)
  const settings = settingsOf(app, standby.generation)
  const worker: Worker = {
    ...standby,
    slot: slot.number,
    stage: { status: 'booting', deadline: now + settings.ready.timeoutMs },
    promotedAt: now,
    trialOf: enterGates(app, slot),
    // What ages a worker is work, and it has done none: else one that stood for long would be replaced as soon as it served.
    recycle: recycleLimits(settings.recycle, now, turn.random),
  }
  turn.commands.push({ type: 'promote', worker: worker.id, slot: slot.number })
  turn.emit({ type: 'worker.promoted', worker: refOf(worker) })
  tellTrial(turn, app, slot, worker)
  return worker
}
