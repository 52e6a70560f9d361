// A person asks for a reload (new before old) or a restart (old before new). Begins it, or refuses it with the reason.
// How it goes on is roll-out.ts.

import type { AppSettings } from '../config/settings.ts'
import { closedCircuit } from '../patterns/circuit-breaker/circuit.ts'
import { supersedeRollout, withdrawSurge } from './end-rollout.ts'
import type { ControlInput } from './inputs.ts'
import { endTrial } from './open-gates.ts'
import { commonEndpoints } from './readiness.ts'
import { resize } from './resize.ts'
import { type App, allWorkers } from './state/app.ts'
import type { Rollout } from './state/rollout.ts'
import { type Slot, workersOf } from './state/slot.ts'
import type { SupervisorState } from './state/supervisor.ts'
import { isReady } from './state/worker.ts'
import { emptyStorm } from './storm-budget.ts'
import { findApp, type Turn } from './turn.ts'

export function onReloadRequested(turn: Turn, input: Extract<ControlInput, { type: 'reload.requested' }>): void {
  const { request } = input
  const app = findApp(turn, input.app)
  const refusal = refusalOf(turn, app, input.app, input)
  if (app === undefined || refusal !== null) return refuse(turn, input.app, request, refusal ?? '')
  const settings = input.settings ?? app.settings
  const endpoints = input.allowPortChange === true ? [] : endpointsToKeep(app)
  const { rollout: superseded } = app
  const { canary = settings.reload.canary } = input
  // An app that is down has nothing to compare with, and nothing to lose.
  const serves = allWorkers(app).some(isReady)
  supersedeRollout(turn, app, 'reload')
  const instances = instancesFor(app, settings, superseded)
  revive(turn, app, { slot: null, unpark: false })
  app.lastGeneration += 1
  app.standbyRefused = null
  app.rollout = {
    kind: 'reload',
    request,
    from: app.generation,
    to: app.lastGeneration,
    settings,
    startedAt: turn.now,
    endpoints,
    waitUntil: turn.now,
    instancesBefore: instances.before,
    back: null,
    canary: canary === null || !serves ? null : { limits: canary, stage: { status: 'placing' } },
    pace: null,
  }
  turn.emit({
    type: 'reload.started',
    app: app.name,
    generation: app.lastGeneration,
    request,
    restart: false,
    slots: app.slots.length,
  })
  if (instances.wanted !== app.instances) resize(turn, app, instances.wanted, request)
}

/** What all workers of the last good generation listen on. Where none is left, a reload that is superseded knows. */
export function endpointsToKeep(app: App): readonly string[] {
  const ready = allWorkers(app).filter(isReady)
  const good = ready.filter(({ generation }) => generation === app.generation)
  if (good.length > 0) return commonEndpoints(good)
  return app.rollout?.kind === 'reload' ? app.rollout.endpoints : commonEndpoints(ready)
}

/** A number that `scale` has set stays, unless the config itself now says another one. One that a superseded reload brought goes with it. */
export function instancesFor(
  app: App,
  settings: AppSettings,
  superseded: Rollout | null,
): { readonly before: number; readonly wanted: number } {
  const wasResized = superseded?.kind === 'reload' && superseded.settings.instances !== app.settings.instances
  const before = wasResized ? superseded.instancesBefore : app.instances
  return { before, wanted: settings.instances === app.settings.instances ? before : settings.instances }
}

export function onRestartRequested(turn: Turn, input: Extract<ControlInput, { type: 'restart.requested' }>): void {
  const { request } = input
  const app = findApp(turn, input.app)
  const refusal = refusalOf(turn, app, input.app, input)
  if (app === undefined || refusal !== null) return refuse(turn, input.app, request, refusal ?? '')
  const named = app.slots.filter((slot) => !slot.retired && (input.slot === null || slot.number === input.slot))
  if (named.length === 0) return refuse(turn, app.name, request, `there is no slot ${input.slot}`)
  // Workers of a release that does not get through have to go, whichever slot was named.
  const stray = app.rollout?.kind === 'reload' ? app.rollout.to : null
  const chosen = app.slots.filter(
    (slot) => named.includes(slot) || (!slot.retired && stray !== null && slot.current?.generation === stray),
  )
  const vacated = vacatedByRestart(app)
  supersedeRollout(turn, app, 'restart')
  withdrawSurge(turn, app)
  revive(turn, app, { slot: input.slot, unpark: true })
  app.rollout = {
    kind: 'restart',
    request,
    startedAt: turn.now,
    pending: chosen.map(({ number }) => number).filter((number) => number !== vacated),
    inHand: vacated,
    firstNew: turn.state.nextWorker,
    pace: null,
  }
  turn.emit({
    type: 'reload.started',
    app: app.name,
    generation: app.generation,
    request,
    restart: true,
    slots: chosen.length,
  })
}

/** The slot whose old worker a restart has sent away, and which has no new one yet: the next restart goes on from there. */
function vacatedByRestart(app: App): number | null {
  if (app.rollout?.kind !== 'restart') return null
  const { inHand } = app.rollout
  const slot = app.slots.find(({ number }) => number === inHand)
  return slot?.current === null && slot.vacancy.status !== 'parked' && !slot.retired ? inHand : null
}

export function refuse(turn: Turn, app: string, request: string, reason: string): void {
  turn.emit({ type: 'request.refused', app, request, reason })
}

/** null: nothing stands in the way. */
export function refusalOf(turn: Turn, app: App | undefined, name: string, wish: Wish = {}): string | null {
  return refusalFor(turn.state, app, name, wish)
}

interface Wish {
  readonly supersede?: boolean | undefined
}

export function refusalFor(
  { phase }: Pick<SupervisorState, 'phase'>,
  app: App | undefined,
  name: string,
  { supersede }: Wish,
): string | null {
  if (app === undefined) return `there is no app "${name}"`
  if (phase.status !== 'running') return 'the supervisor is stopping'
  if (app.phase.status === 'stopping') return `${name} is stopping`
  if (app.rollout !== null && supersede !== true) {
    return `a ${app.rollout.kind} (${app.rollout.request}) is running; wait for it, or add --supersede`
  }
  return null
}

/** Somebody acts, so the past is forgiven: gates close, waits end, a stopped or failed app lives again. */
function revive(
  turn: Turn,
  app: App,
  { slot: only, unpark }: { readonly slot: number | null; readonly unpark: boolean },
): void {
  const wasDown = app.phase.status !== 'active' && app.phase.status !== 'waiting'
  if (wasDown) {
    app.phase = { status: 'waiting' }
    for (const slot of app.slots) slot.generation = app.generation
    app.told = 'starting'
    app.everReady = false
    app.unreadySince = turn.now
    app.downSince = turn.now
  }
  app.gate = closedCircuit
  if (only === null) app.storm = emptyStorm
  for (const slot of app.slots)
    for (const worker of workersOf(slot)) {
      endTrial(slot, worker, wasDown || only === null || slot.number === only ? ['app', 'slot'] : ['app'])
    }
  for (const slot of app.slots) {
    if (!wasDown && only !== null && slot.number !== only) continue
    // Stopped by hand: only a restart brings it back.
    const stays = !wasDown && !unpark && slot.vacancy.status === 'parked' && slot.vacancy.exitCode === null
    forgetFailures(slot)
    if (stays) slot.vacancy = { status: 'parked', exitCode: null }
  }
}

function forgetFailures(slot: Slot): void {
  slot.vacancy = { status: 'empty' }
  slot.gate = closedCircuit
  slot.crashes = []
  slot.debt = 0
  slot.failedBoots = 0
}
