// The canary of a reload: so many workers of the new release take over, then the reload holds while both releases are counted, and
// goes on or turns back. What the counts say is canary.ts.

import type { CanaryReport } from '../events/canary-report.ts'
import { addCounts, failsTooOften, NO_COUNTS, reportOf } from './canary.ts'
import type { WorkerInput } from './inputs.ts'
import { type App, wantedSlots } from './state/app.ts'
import { type Canary, isHeld, type Rollout } from './state/rollout.ts'
import { generationOf, type Slot } from './state/slot.ts'
import { isReady, type Worker } from './state/worker.ts'
import type { Turn } from './turn.ts'

type Reload = Extract<Rollout, { kind: 'reload' }>
type Beat = Extract<WorkerInput, { type: 'worker.beat' }>

/** How many more slots may go over to the new release now; Infinity: no canary is in the way. */
export function canaryRoom(app: App, reload: Reload): number {
  if (!isHeld(reload)) return Number.POSITIVE_INFINITY
  if (reload.canary?.stage.status !== 'placing') return 0
  const onTheWay = ({ current, next }: Slot) =>
    next?.generation === reload.to || current?.generation === reload.to || current?.stage.status === 'draining'
  const placed = wantedSlots(app).filter((slot) => onTheWay(slot) || slot.generation === reload.to).length
  return Math.max(0, wantedCanaries(app, reload.canary) - placed)
}

/** At least one of the old release stays to be compared with, where there is more than one worker. */
function wantedCanaries(app: App, { limits }: Canary): number {
  return Math.max(1, Math.min(limits.instances, wantedSlots(app).length - 1))
}

/** Begins to observe when all canaries serve; ends it when the time is over. Returns the report of one that failed. */
export function advanceCanary(turn: Turn, app: App, reload: Reload): CanaryReport | null {
  const { canary, request, to: generation } = reload
  if (canary === null || !isHeld(reload)) return null
  const { limits, stage } = canary
  if (stage.status === 'placing') {
    // All slots were stopped meanwhile: nobody is left to try it.
    if (wantedSlots(app).length === 0) {
      setStage(app, reload, { status: 'passed' })
      return null
    }
    const serving = app.slots.filter((slot) => generationOf(slot) === generation && isReady(slot.current))
    if (serving.length < wantedCanaries(app, canary)) return null
    const { observeMs } = limits
    const until = turn.now + observeMs
    setStage(app, reload, { status: 'observing', since: turn.now, until, fresh: NO_COUNTS, old: NO_COUNTS, seen: {} })
    const slots = serving.map(({ number }) => number)
    turn.emit({ type: 'reload.canaryStarted', app: app.name, generation, request, slots, observeMs })
    return null
  }
  if (stage.status !== 'observing') return null
  const early = failsTooOften(stage.fresh, stage.old, limits.maxErrorRate)
  if (!early && turn.now < stage.until) return null
  const report = reportOf(stage.fresh, stage.old, limits, turn.now - stage.since)
  if (report.because !== null) return report
  setStage(app, reload, { status: 'passed' })
  turn.emit({ type: 'reload.canaryPassed', app: app.name, generation, request, report })
  return null
}

/** Counts what a worker has answered since its beat before. */
export function countForCanary(app: App, worker: Worker, { delayP99Ms, responses }: Beat): void {
  const { rollout } = app
  if (rollout?.kind !== 'reload' || rollout.back !== null || rollout.canary?.stage.status !== 'observing') return
  const { stage } = rollout.canary
  const total = responses ?? { answered: 0, failed: 0 }
  // What it had answered before the observation began does not count; one that was forked since has no before.
  const before = stage.seen[worker.id] ?? (worker.forkedAt >= stage.since ? { answered: 0, failed: 0 } : total)
  const counts = {
    answered: total.answered - before.answered,
    failed: total.failed - before.failed,
    lagSumMs: delayP99Ms,
    beats: 1,
  }
  const side = worker.generation === rollout.to ? 'fresh' : 'old'
  setStage(app, rollout, {
    ...stage,
    [side]: addCounts(stage[side], counts),
    seen: { ...stage.seen, [worker.id]: total },
  })
}

/** Nothing was counted for so long. */
export function observeLonger(app: App, lateMs: number): void {
  const { rollout } = app
  if (rollout?.kind !== 'reload' || rollout.canary?.stage.status !== 'observing') return
  const { stage } = rollout.canary
  setStage(app, rollout, { ...stage, since: stage.since + lateMs, until: stage.until + lateMs })
}

/** It tries the new release, and its crash condemns it. */
export function isCanary(app: App, worker: Worker): boolean {
  return app.rollout?.kind === 'reload' && isHeld(app.rollout) && worker.generation === app.rollout.to
}

function setStage(app: App, reload: Reload, stage: Canary['stage']): void {
  if (reload.canary !== null) app.rollout = { ...reload, canary: { ...reload.canary, stage } }
}
