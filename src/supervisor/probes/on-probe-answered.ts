// A probe has answered. Here it is only counted, told when it turns, and acted on where nothing else has a say: a startup probe
// that fails ends the boot, a readiness probe of a surge worker that fails ends the reload. What liveness and readiness lead to
// for workers that serve is level-triggered: liveness.ts, rotation.ts.

import type { ProbeName } from '../../config/settings.ts'
import { type Alibi, alibiWords } from '../../events/alibi-words.ts'
import { failRollout } from '../end-rollout.ts'
import { killWorker } from '../end-worker.ts'
import type { WorkerInput } from '../inputs.ts'
import { settingsOf } from '../state/app.ts'
import { hasServed, refOf, type Worker } from '../state/worker.ts'
import { findWorker, type Turn, updateWorker } from '../turn.ts'
import { judge, type ProbeState } from './probe-state.ts'

export function onProbeAnswered(turn: Turn, input: Extract<WorkerInput, { type: 'probe.answered' }>): void {
  const place = findWorker(turn, input.worker)
  if (place === undefined || place.role === 'standby') return
  const { app, slot, worker, role } = place
  const { probe } = input
  const settings = settingsOf(app, worker.generation).probes[probe]
  if (settings === null || !counts(worker, probe)) return
  const before = worker.probes[probe]
  const state = judge(before, input, settings)
  const judged = updateWorker(slot, { ...worker, probes: { ...worker.probes, [probe]: state } })
  if (input.alibi !== undefined && state.excused === settings.failureThreshold)
    tellExcused(turn, judged, state, input.alibi)
  if (hasServed(judged) && isOver(before, state, settings.failureThreshold))
    turn.emit({ type: 'watchdog.calmed', worker: refOf(judged), watchdog: 'probe' })
  if (state.passing !== false || before?.passing === false) return
  tell(turn, judged, probe, state, settings.failureThreshold)
  const fault = { reason: 'probe-failed', probe: `${probe}: ${state.detail}` } as const
  if (probe === 'startup') {
    failRollout(turn, app, slot, judged, fault)
    killWorker(turn, app, slot, judged, 'startup-probe')
  } else if (role === 'next' && judged.stage.status !== 'booting') {
    // It would be of no use the moment it took over.
    failRollout(turn, app, slot, judged, fault)
  }
}

/** What was told of it, a failure or one that was not held against it, is over. */
function isOver(before: ProbeState | null, { passing, excused }: ProbeState, limit: number): boolean {
  if (before === null || passing !== true) return false
  return before.passing === false || (before.excused >= limit && excused === 0)
}

/** A worker that still boots is not asked whether it lives, and one that leaves is not asked anything. */
function counts(worker: Worker, probe: ProbeName): boolean {
  const { status } = worker.stage
  const boots = status === 'booting' || status === 'warming'
  switch (probe) {
    case 'startup':
      return boots
    case 'liveness':
      return hasServed(worker)
    case 'readiness':
      return boots || hasServed(worker)
  }
}

/** Somebody who waits for it to be replaced shall know why it is not. */
function tellExcused(turn: Turn, worker: Worker, { excused, detail }: ProbeState, alibi: Alibi): void {
  turn.emit({
    type: 'watchdog.tripped',
    worker: refOf(worker),
    watchdog: 'probe',
    action: 'report',
    measured: excused,
    limit: excused,
    unit: 'failures',
    detail: `liveness: ${detail}; ${alibiWords(alibi)}`,
    spared: alibi,
  })
}

function tell(turn: Turn, worker: Worker, probe: ProbeName, { failures, detail }: ProbeState, limit: number): void {
  // Readiness only moves connections; and while it boots it has never been ready for any.
  if (probe === 'readiness' && !hasServed(worker)) return
  turn.emit({
    type: 'watchdog.tripped',
    worker: refOf(worker),
    watchdog: 'probe',
    action: probe === 'readiness' ? 'report' : probe === 'startup' ? 'kill' : 'replace',
    measured: failures,
    limit,
    unit: 'failures',
    detail: `${probe}: ${detail}`,
  })
}
