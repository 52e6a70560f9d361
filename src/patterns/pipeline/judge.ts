// How an outcome counts. The usual judgement needs no outcome object; a classifier gets one, and can't break the call.

import { show } from '../options.ts'
import { isRejection, isResilienceError } from '../resilience-error.ts'
import type { Classify, Outcome, Verdict } from './call.ts'
import type { Frame } from './frame.ts'

export type AnyClassify = Classify<never> | undefined

/** The frame's outcome as a verdict. */
export function judge(frame: Frame, classify: AnyClassify, durationMs: number): Verdict {
  if (classify === undefined) return frame.ok ? 'success' : isRejection(frame.value) ? 'ignore' : 'failure'
  if (!frame.ok && isRejection(frame.value)) return 'ignore'
  try {
    return verdictOf(classify, outcomeOf(frame, durationMs))
  } catch (thrown) {
    frame.ok = false
    frame.value = thrown
    return 'ignore'
  }
}

/** A classifier that forgot to say, or says true: nobody knows what it meant, and to guess would be to count wrong. */
export function verdictOf(classify: NonNullable<AnyClassify>, outcome: Outcome<unknown>): Verdict {
  return checkVerdict('classify must return', classify(outcome as Outcome<never>))
}

export function checkVerdict(what: string, verdict: unknown): Verdict {
  if (verdict === 'success' || verdict === 'failure' || verdict === 'ignore') return verdict
  throw new TypeError(`${what} 'success', 'failure' or 'ignore', got ${show(verdict)}`)
}

/** When the call was cut off from outside: only a timeout of something that ran says something about what was called. */
export function judgeCut(frame: Frame): Verdict {
  return frame.ranWhenCut && isResilienceError(frame.value, 'RESIL_TIMEOUT') ? 'failure' : 'ignore'
}

export function outcomeOf(frame: Frame, durationMs: number): Outcome<unknown> {
  const { ok, value } = frame
  return ok ? { ok, value, durationMs } : { ok, error: value, durationMs }
}
