// What a reload would do if it were asked for now: for `resil reload --dry-run`. Decides nothing; what happens is roll-out.ts.

import type { AppSettings, CanarySettings } from '../config/settings.ts'
import type { ReloadPlan } from '../protocol/reload-plan.ts'
import { floorOf } from './disruption-budget.ts'
import { endpointsToKeep, instancesFor } from './on-reload-requested.ts'
import type { App } from './state/app.ts'
import type { Slot } from './state/slot.ts'

type PlannedSlot = ReloadPlan['slots'][number]

export function planReload(
  app: App,
  settings: AppSettings,
  options: {
    readonly allowPortChange: boolean
    readonly refusal: string | null
    readonly canary: CanarySettings | null
  },
): Omit<ReloadPlan, 'changes'> {
  const { surge, maxUnavailable, rollback } = settings.reload
  const { wanted } = instancesFor(app, settings, app.rollout)
  const slots = plannedSlots(app, wanted)
  return {
    app: app.name,
    generation: { from: app.generation, to: app.lastGeneration + 1 },
    refusal: options.refusal,
    slots,
    surge,
    maxUnavailable,
    floor: floorOf(app, settings.reload),
    rollback,
    canary:
      options.canary === null ? null : { instances: options.canary.instances, observeMs: options.canary.observeMs },
    endpoints: options.allowPortChange ? [] : endpointsToKeep(app),
    expectedMs: expectedMs(app, settings, slots, options.canary),
    drainDeadlineMs: app.settings.shutdown.deadlineMs,
  }
}

function plannedSlots(app: App, wanted: number): PlannedSlot[] {
  const there = app.slots.map((slot): PlannedSlot => {
    const { number, current, bootMs } = slot
    return { slot: number, action: actionFor(slot, wanted), pid: current?.pid ?? null, bootMs }
  })
  const more = Array.from({ length: wanted }, (_, number) => number).filter(
    (number) => !app.slots.some((slot) => slot.number === number),
  )
  return [...there, ...more.map((slot): PlannedSlot => ({ slot, action: 'start', pid: null, bootMs: null }))]
}

function actionFor({ number, current, vacancy }: Slot, wanted: number): PlannedSlot['action'] {
  if (number >= wanted) return 'remove'
  if (current !== null) return 'replace'
  return vacancy.status === 'parked' && vacancy.exitCode === null ? 'leave' : 'start'
}

/** As many at once as there is surge, each as slow as the slowest boot that is known. */
function expectedMs(
  app: App,
  { ready, reload }: AppSettings,
  slots: readonly PlannedSlot[],
  canary: CanarySettings | null,
): number | null {
  const boots = app.slots.flatMap(({ bootMs }) => bootMs ?? [])
  if (boots.length === 0) return null
  const moved = slots.filter(({ action }) => action === 'replace' || action === 'start').length
  const rounds = Math.ceil(moved / Math.max(1, reload.surge))
  return (
    (canary?.observeMs ?? 0) +
    rounds * (Math.max(...boots) + ready.minReadyMs) +
    Math.max(0, rounds - 1) * reload.cooldownMs
  )
}
