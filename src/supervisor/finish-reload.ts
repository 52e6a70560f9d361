// A reload has come to its end: all of its slots are there, forward or back, or nobody waits any longer for those that are not.

import { keepSettings } from './end-rollout.ts'
import { resize } from './resize.ts'
import type { App } from './state/app.ts'
import { goalOf, type Rollout } from './state/rollout.ts'
import { generationOf } from './state/slot.ts'
import { isReady } from './state/worker.ts'
import type { Turn } from './turn.ts'

type Reload = Extract<Rollout, { kind: 'reload' }>

export function finishReload(turn: Turn, app: App): void {
  const reload = app.rollout as Reload
  const goal = goalOf(reload)
  const tookMs = turn.now - reload.startedAt
  const { request } = reload
  app.rollout = null
  if (reload.back === null) {
    app.generation = goal
    app.settings = reload.settings
    for (const slot of app.slots) slot.generation = goal
    app.endpoints = reload.endpoints
    app.kept = []
    turn.emit({ type: 'reload.finished', app: app.name, generation: goal, request, tookMs })
    return
  }
  // Restoring was given up: who serves with the new release goes on with it, whoever else starts does so with the old one.
  for (const slot of app.slots) slot.generation = isReady(slot.current) ? generationOf(slot) : goal
  keepSettings(app, reload)
  const kept = app.slots.filter(({ current }) => isReady(current) && current?.generation === goal).length
  const { failure } = reload.back
  if (reload.settings.instances !== app.settings.instances) resize(turn, app, reload.instancesBefore, request)
  turn.emit({ type: 'reload.rolledBack', app: app.name, generation: reload.to, request, kept, failure, tookMs })
}
