// A suspect has been looked at from outside. The first look decides whether evidence may be taken, the one when its time is up
// whether it goes.

import type { HangLimits, WatchdogAction } from '../config/settings.ts'
import { type Alibi, alibiWords } from '../events/alibi-words.ts'
import { markEnding } from './due.ts'
import { failRollout } from './end-rollout.ts'
import type { WorkerInput } from './inputs.ts'
import { type App, settingsOf, wantedSlots } from './state/app.ts'
import type { Slot } from './state/slot.ts'
import type { Stage } from './state/stage.ts'
import { isComputing, refOf, type Worker } from './state/worker.ts'
import { findWorker, setStage, type Turn } from './turn.ts'
import { type Examination, excuseOf, judge } from './watchdogs/hang.ts'
import { tripHang } from './watchdogs/trip.ts'

const SECOND_LOOK_MS = 1_000

type Suspect = Extract<Stage, { status: 'suspect' }>

export function onWorkerExamined(turn: Turn, input: Extract<WorkerInput, { type: 'worker.examined' }>): void {
  const place = findWorker(turn, input.worker)
  if (place === undefined || place.role !== 'current' || place.worker.stage.status !== 'suspect') return
  const { app, slot, worker } = place
  const { stage } = place.worker
  const { hang } = settingsOf(app, worker.generation).watchdogs
  if (hang === null) return
  const { state, cpuMs, heldBy, connected } = input
  const seen: Examination = { at: turn.now, state, cpuMs, heldBy, connected }
  if (stage.first === null) {
    // Nobody is killed at first sight, however late that comes.
    const judgedAt = Math.max(stage.silentSince + patienceMs(app, worker, hang), turn.now + SECOND_LOOK_MS)
    setStage(slot, worker, { ...stage, first: seen, judgedAt })
    // A debugger would be disturbed by ours, and a stopped process answers nobody.
    if (hang.evidence === 'stack' && excuseOf(seen) === null)
      turn.commands.push({
        type: 'take-evidence',
        worker: worker.id,
        ref: refOf(worker),
        kind: 'stack',
        timeBoxMs: timeBox(hang),
      })
    return
  }
  if (stage.lookedAt >= stage.judgedAt && worker.due?.cause !== 'hang')
    decide(turn, app, slot, worker, stage, seen, hang)
}

/** One that has never been heard of may still be starting, though it listens: it has as long as a boot. */
function patienceMs(app: App, { generation, vitals }: Worker, { replaceAfterMs }: HangLimits): number {
  if (vitals.beatAt !== null) return replaceAfterMs
  return Math.max(replaceAfterMs, settingsOf(app, generation).ready.timeoutMs)
}

/** As long as there is: on a busy machine a stack takes its time. But it must be there before the worker is killed. */
function timeBox({ suspectAfterMs, replaceAfterMs }: HangLimits): number {
  return Math.min(5_000, Math.floor((replaceAfterMs - suspectAfterMs) * 0.8))
}

function decide(
  turn: Turn,
  app: App,
  slot: Slot,
  worker: Worker,
  stage: Suspect,
  seen: Examination,
  hang: HangLimits,
): void {
  const lookAgain = (judgedAt: number, change: Partial<Suspect> = {}): Worker =>
    setStage(slot, worker, { ...stage, ...change, judgedAt })
  const tell = (action: WatchdogAction, detail: string, spared?: Alibi): void => {
    if (!stage.told) tripHang(turn, worker, turn.now - stage.silentSince, action, hang, detail, spared)
  }
  const verdict = judge(stage.first, seen, stage.silentSince, hang)
  if (verdict.do === 'wait') {
    lookAgain(verdict.until)
    return
  }
  if (verdict.do === 'leave') {
    lookAgain(turn.now + hang.replaceAfterMs, { told: true })
    return tell('report', alibiWords(verdict.because), verdict.because)
  }
  if (isShared(app) && !stage.wasHeldBack) {
    lookAgain(turn.now + hang.suspectAfterMs, { wasHeldBack: true })
    return
  }
  const action = actionFor(worker, hang)
  if (action === 'report') {
    const silent = lookAgain(Number.POSITIVE_INFINITY, { told: true })
    tell(action, worker.endpoints.length === 0 ? 'it never listens, so it may be computing' : '')
    // Nobody ends it, so a reload or restart would wait for it for ever.
    if (!isComputing(silent)) failRollout(turn, app, slot, silent, { reason: 'hang' })
    return
  }
  const ending = lookAgain(Number.POSITIVE_INFINITY)
  tell(action, '')
  markEnding(turn, slot, ending, 'hang')
}

/** A batch job may compute for minutes; an app that listens has somebody waiting. */
function actionFor({ endpoints }: Worker, { action }: HangLimits): WatchdogAction {
  if (action !== 'auto') return action
  return endpoints.length > 0 ? 'replace' : 'report'
}

/** More than half of three or more at once: the machine, a disk or a dependency is likelier than each of them. */
function isShared(app: App): boolean {
  const wanted = wantedSlots(app)
  const suspects = wanted.filter(({ current }) => current?.stage.status === 'suspect')
  return wanted.length >= 3 && suspects.length > wanted.length / 2
}
