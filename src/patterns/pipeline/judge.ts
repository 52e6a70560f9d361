// How an outcome counts. The usual judgement needs no outcome object; a classifier gets one, and can't break the call.

import { isRejection, isResilienceError } from '../resilience-error.ts'
import type { Classify, Outcome, Verdict } from './call.ts'
import type { Frame } from './frame.ts'

export type AnyClassify = Classify<never> | undefined

/** The frame's outcome as a verdict. */
export function judge(frame: Frame, classify: AnyClassify, durationMs: number): Verdict {
  if (classify === undefined) return frame.ok ? 'success' : isRejection(frame.value) ? 'ignore' : 'failure'
  if (!frame.ok && isRejection(frame.value)) return 'ignore'
  try {
    return classify(outcomeOf(frame, durationMs) as Outcome<never>)
  } catch (thrown) {
    frame.ok = false
    frame.value = thrown
    return 'ignore'
  }
}

/** When the call was cut off from outside: only a timeout of something that ran says something about what was called. */
export function judgeCut(frame: Frame): Verdict {
  return frame.ranWhenCut && isResilienceError(frame.value, 'RESIL_TIMEOUT') ? 'failure' : 'ignore'
}

export function outcomeOf(frame: Frame, durationMs: number): Outcome<unknown> {
  const { ok, value } = frame
  return ok ? { ok, value, durationMs } : { ok, error: value, durationMs }
}
