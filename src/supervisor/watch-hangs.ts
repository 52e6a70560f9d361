// When a worker that serves turns suspect, and when a suspect is looked at for the last time. What the look means is
// on-worker-examined.ts; a beat makes it ready again (on-worker-beat.ts).

import { type App, settingsOf } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import type { Stage } from './state/stage.ts'
import { hasServed, refOf, type Worker } from './state/worker.ts'
import { setStage, type Turn } from './turn.ts'

export function watchHangs(turn: Turn, app: App): void {
  if (app.phase.status !== 'active' || turn.state.phase.status !== 'running') return
  for (const slot of app.slots) {
    const { current } = slot
    if (current === null || !hasServed(current)) continue
    const { stage } = current
    if (stage.status === 'ready' && turn.now >= suspectAt(app, current)) suspect(turn, slot, current, stage)
    else if (stage.status === 'suspect' && turn.now >= stage.judgedAt && stage.lookedAt < stage.judgedAt) {
      setStage(slot, current, { ...stage, lookedAt: turn.now })
      turn.commands.push({ type: 'examine', worker: current.id })
    }
  }
}

/** Heard of for the last time, or ready since then. */
function heardAt({ vitals }: Worker): number {
  return Math.max(vitals.beatAt ?? 0, vitals.watchedFrom)
}

function suspectAt(app: App, worker: Worker): number {
  const { hang } = settingsOf(app, worker.generation).watchdogs
  // Agents beat once their worker is loaded or listens: before, silence means nothing.
  const isHeard = worker.vitals.beatAt !== null || worker.endpoints.length > 0
  return hang === null || !isHeard ? Number.POSITIVE_INFINITY : heardAt(worker) + hang.suspectAfterMs
}

function suspect(turn: Turn, slot: Slot, worker: Worker, stage: Extract<Stage, { status: 'ready' }>): void {
  const silentSince = heardAt(worker)
  const suspected = setStage(slot, worker, {
    status: 'suspect',
    since: turn.now,
    readySince: stage.since,
    silentSince,
    // Set by the first look, which is asked for here.
    judgedAt: Number.POSITIVE_INFINITY,
    lookedAt: turn.now,
    first: null,
    wasHeldBack: false,
    told: false,
  })
  turn.emit({ type: 'worker.suspected', worker: refOf(suspected), silentMs: turn.now - silentSince })
  turn.commands.push({ type: 'rotate', worker: worker.id, inRotation: false })
  turn.commands.push({ type: 'examine', worker: worker.id })
}

/** For the supervisor's timer. */
export function hangDeadline(app: App, worker: Worker): number | null {
  const { stage } = worker
  if (stage.status === 'ready') return suspectAt(app, worker)
  return stage.status === 'suspect' ? stage.judgedAt : null
}
