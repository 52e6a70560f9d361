// More or fewer workers. New slots start at once; superfluous ones are retired, the highest numbers first.

import { mayRemove } from './disruption-budget.ts'
import { drainWorker, killWorker } from './end-worker.ts'
import type { ControlInput } from './inputs.ts'
import { refusalOf, refuse } from './on-reload-requested.ts'
import { type App, isReady, vacantSlot } from './state.ts'
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
  app.instances = to
  const generation = app.rollout?.kind === 'reload' && app.rollout.back === null ? app.rollout.to : app.generation
  for (let number = 0; number < to; number += 1) {
    const slot = app.slots.find((candidate) => candidate.number === number)
    if (slot === undefined) app.slots.push(vacantSlot(number, generation))
    else slot.retired = false
  }
  for (const slot of app.slots) if (slot.number >= to) slot.retired = true
  app.slots.sort((a, b) => a.number - b.number)
  turn.emit({ type: 'app.scaled', app: app.name, request, from, to })
}

/** Retired slots lose their workers one by one, then go themselves. */
export function shrink(turn: Turn, app: App): void {
  for (const slot of app.slots.filter(({ retired }) => retired).reverse()) {
    const { current, next } = slot
    if (next !== null) killWorker(turn, app, slot, next, 'scale')
    if (current === null) continue
    if (!isReady(current)) drainWorker(turn, app, slot, current, 'scale')
    else if (mayRemove(app)) drainWorker(turn, app, slot, current, 'scale')
  }
  app.slots = app.slots.filter(
    (slot) => !slot.retired || slot.current !== null || slot.next !== null || slot.leaving.length > 0,
  )
}
