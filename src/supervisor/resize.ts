// How many slots an app has: more start at once; superfluous ones are retired, the highest numbers first, and go when their
// workers have gone (on-scale-requested.ts, shrink).

import type { App } from './state/app.ts'
import { isHeld } from './state/rollout.ts'
import { vacantSlot } from './state/slot.ts'
import type { Turn } from './turn.ts'

export function resize(turn: Turn, app: App, to: number, request: string): void {
  const from = app.instances
  app.instances = to
  const { rollout } = app
  const forward = rollout?.kind === 'reload' && rollout.back === null && !isHeld(rollout)
  const generation = forward ? rollout.to : app.generation
  for (let number = 0; number < to; number += 1) {
    const slot = app.slots.find((candidate) => candidate.number === number)
    if (slot === undefined) app.slots.push(vacantSlot(number, generation))
    else if (slot.retired) {
      slot.retired = false
      slot.generation = generation
      slot.vacancy = { status: 'empty' }
    }
  }
  for (const slot of app.slots) if (slot.number >= to) slot.retired = true
  // More to come is no degradation.
  if (to > from && app.told === 'running') {
    app.told = 'starting'
    app.downSince = turn.now
  }
  app.slots.sort((a, b) => a.number - b.number)
  turn.emit({ type: 'app.scaled', app: app.name, request, from, to })
}
