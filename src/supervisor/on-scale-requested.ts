// More or fewer workers: checks the wish. What it does to the slots is resize.ts.

import { mayRemove } from './disruption-budget.ts'
import { drainWorker } from './end-worker.ts'
import type { ControlInput } from './inputs.ts'
import { refusalOf, refuse } from './on-reload-requested.ts'
import { resize } from './resize.ts'
import type { App } from './state/app.ts'
import { workersOf } from './state/slot.ts'
import { isReady } from './state/worker.ts'
import { findApp, type Turn } from './turn.ts'

/** More workers than any one machine wants: a typing error, and the machine's memory would pay for it. */
export const MOST_INSTANCES = 1024

export function onScaleRequested(turn: Turn, input: Extract<ControlInput, { type: 'scale.requested' }>): void {
  const { request } = input
  const app = findApp(turn, input.app)
  const refusal = app?.rollout != null ? null : refusalOf(turn, app, input.app)
  if (app === undefined || refusal !== null) return refuse(turn, input.app, request, refusal ?? '')
  if (app.phase.status !== 'active' && app.phase.status !== 'waiting') {
    return refuse(
      turn,
      app.name,
      request,
      `${app.name} is ${app.phase.status}: start it with \`resil restart ${app.name}\``,
    )
  }
  const from = app.instances
  const to = input.to.by === 'absolute' ? input.to.count : from + input.to.count
  if (to < 1)
    return refuse(turn, app.name, request, `${to} workers: at least 1; use \`resil stop ${app.name}\` for none`)
  if (to > MOST_INSTANCES) return refuse(turn, app.name, request, `${to} workers: at most ${MOST_INSTANCES}`)
  resize(turn, app, to, request)
}

/** Retired slots lose their workers one by one. */
export function shrink(turn: Turn, app: App): void {
  for (const slot of app.slots.filter(({ retired }) => retired).reverse()) {
    const { current, next } = slot
    if (next !== null) drainWorker(turn, app, slot, next, 'scale')
    if (current === null) continue
    if (!isReady(current)) drainWorker(turn, app, slot, current, 'scale')
    else if (mayRemove(app)) drainWorker(turn, app, slot, current, 'scale')
  }
}

/** A retired slot goes when its workers have gone. */
export function forgetRetiredSlots(app: App): void {
  app.slots = app.slots.filter((slot) => !slot.retired || workersOf(slot).length > 0)
}
