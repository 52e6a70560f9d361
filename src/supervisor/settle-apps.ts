// After all decisions of a step: what condition each app is in, whether it has ended or must be given up, and whether anything is left.

import { EXIT, signalExitCode } from '../exit-codes.ts'
import { dependencyVerdict } from './dependencies.ts'
import { giveUp, supersedeRollout } from './end-rollout.ts'
import { type App, allWorkers, readyCount, wantedSlots } from './state/app.ts'
import type { SupervisorState } from './state/supervisor.ts'
import type { Turn } from './turn.ts'

/** Without a ready worker and behind an open gate for so long, a foreground supervisor exits, so that what started it can act. */
const EXHAUSTED_AFTER_MS = 60_000

/** Apps whose dependencies are met may start; those whose dependencies are gone never will. */
export function admitApps(turn: Turn): void {
  if (turn.state.phase.status !== 'running') return
  for (const app of turn.state.apps) {
    if (app.phase.status !== 'waiting') continue
    const verdict = dependencyVerdict(app, turn.state.apps)
    if (verdict === 'impossible') giveUp(turn, app, 'dependency', null)
    if (verdict !== 'met') continue
    app.phase = { status: 'active' }
    app.downSince = turn.now
    app.unreadySince = turn.now
  }
}

export function settleApps(turn: Turn): void {
  for (const app of turn.state.apps) {
    noteReadiness(turn, app)
    if (app.phase.status !== 'active') continue
    endIfAllParked(turn, app)
    giveUpIfExhausted(turn, app)
    tellCondition(turn, app)
  }
  settleSupervisor(turn)
}

function noteReadiness(turn: Turn, app: App): void {
  if (readyCount(app) > 0) app.unreadySince = null
  else app.unreadySince ??= turn.now
  if (isKeptDown(app)) app.gatedSince ??= turn.now
  else app.gatedSince = null
}

/** All slots ended by policy: the app's work is done. */
function endIfAllParked(turn: Turn, app: App): void {
  if (app.slots.length === 0) return
  const codes: number[] = []
  for (const { vacancy, current, next, leaving } of app.slots) {
    if (current !== null || next !== null || leaving.length > 0 || vacancy.status !== 'parked') return
    // A slot stopped by hand waits for its restart, and the app with it.
    if (vacancy.exitCode === null) return
    codes.push(vacancy.exitCode)
  }
  supersedeRollout(turn, app, 'stop')
  const exitCode = codes.find((code) => code !== 0) ?? 0
  app.phase = { status: 'ended', exitCode }
  turn.emit({ type: 'app.ended', app: app.name, exitCode })
}

function isKeptDown(app: App): boolean {
  const wanted = wantedSlots(app)
  const everySlot = wanted.length > 0 && wanted.every(({ gate }) => gate.status !== 'closed')
  return app.gate.status !== 'closed' || everySlot
}

/** When an app's gates have kept every slot down for too long; Infinity while that does not threaten. */
export function exhaustedAt(app: App, state: Pick<SupervisorState, 'foreground'>): number {
  if (app.phase.status !== 'active' || app.unreadySince === null || !app.everReady) return Number.POSITIVE_INFINITY
  if (app.gatedSince === null) return Number.POSITIVE_INFINITY
  const since = Math.max(app.unreadySince, app.gatedSince)
  switch (app.settings.restart.onExhausted) {
    case 'exit':
      return since
    case 'probe':
      return state.foreground ? since + EXHAUSTED_AFTER_MS : Number.POSITIVE_INFINITY
    case 'hold':
      return Number.POSITIVE_INFINITY
  }
}

function giveUpIfExhausted(turn: Turn, app: App): void {
  if (turn.now < exhaustedAt(app, turn.state)) return
  const lastExit = app.slots.map((slot) => slot.lastExit).sort((a, b) => (b?.atMs ?? 0) - (a?.atMs ?? 0))[0]
  giveUp(turn, app, 'exhausted', lastExit ?? null)
}

function tellCondition(turn: Turn, app: App): void {
  const { instances, name } = app
  // While it is scaled down there are more.
  const ready = Math.min(readyCount(app), instances)
  const wanted = wantedSlots(app)
  if (ready >= wanted.length && ready > 0 && app.told !== 'running') {
    app.told = 'running'
    const bootMs = turn.now - app.downSince
    turn.emit({ type: 'app.running', app: name, ready, instances, ports: portsOf(app), bootMs })
  } else if (
    ready < wanted.length &&
    (app.told === 'running' || (app.told === 'starting' && ready > 0 && hasOpenGate(app)))
  ) {
    app.told = 'degraded'
    app.downSince = turn.now
    turn.emit({ type: 'app.degraded', app: name, ready, instances })
  }
}

/** Whoever waits for the last worker of an app would wait for a gate. */
function hasOpenGate(app: App): boolean {
  return app.gate.status !== 'closed' || app.slots.some(({ gate }) => gate.status !== 'closed')
}

/** All ports that the app's workers listen on, in order. */
export function portsOf(app: App): number[] {
  const ports = allWorkers(app).flatMap(({ endpoints }) => endpoints.map(Number).filter(Number.isInteger))
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** Nothing left to supervise: the supervisor ends with the code that its reason has. */
function settleSupervisor(turn: Turn): void {
  const { state } = turn
  if (state.phase.status === 'stopped') return
  const over = state.apps.every(({ phase }) => ['stopped', 'failed', 'ended'].includes(phase.status))
  if (!over || state.apps.some((app) => allWorkers(app).length > 0)) return
  const exitCode = exitCodeOf(state)
  const cause = state.phase.status === 'stopping' ? state.phase.cause : 'every app has ended'
  state.phase = { status: 'stopped', exitCode }
  turn.emit({ type: 'supervisor.stopped', exitCode, cause })
  turn.commands.push({ type: 'exit', code: exitCode })
}

function exitCodeOf(state: SupervisorState): number {
  if (state.phase.status === 'stopping') return state.phase.forced ? signalExitCode(state.phase.cause) : EXIT.ok
  for (const { phase } of state.apps) {
    if (phase.status === 'failed') return phase.reason === 'exhausted' ? EXIT.exhausted : EXIT.failed
    if (phase.status === 'ended' && phase.exitCode !== 0) return phase.exitCode
  }
  return EXIT.ok
}
