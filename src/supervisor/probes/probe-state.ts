// What a probe has said so far, and what it comes to: so many failures in a row fail, so many successes in a row pass.

import type { ProbeSettings } from '../../config/settings.ts'
import type { LivenessAlibi } from '../watchdogs/hang.ts'

export interface ProbeState {
  /** null: neither threshold has been reached yet. */
  readonly passing: boolean | null
  /** In a row; one of them is 0. */
  readonly failures: number
  readonly successes: number
  /** Failures in a row that were not held against it: it stands at a breakpoint, and the like. */
  readonly excused: number
  /** What was said last: "GET /healthz: 503". */
  readonly detail: string
}

export function judge(
  before: ProbeState | null,
  answer: { readonly ok: boolean; readonly detail: string; readonly alibi?: LivenessAlibi },
  { failureThreshold, successThreshold }: Pick<ProbeSettings, 'failureThreshold' | 'successThreshold'>,
): ProbeState {
  const { alibi } = answer
  // Who is starved may be ill as well: it has twice the time.
  const excused = alibi === undefined ? 0 : (before?.excused ?? 0) + 1
  const counts = alibi === undefined || (alibi === 'starved' && excused > failureThreshold)
  if (!counts) {
    // Also what was held against it before: somebody looks at it now.
    const passing = before?.passing === true ? true : null
    return { passing, failures: 0, successes: 0, excused, detail: answer.detail }
  }
  const failures = answer.ok ? 0 : (before?.failures ?? 0) + 1
  const successes = answer.ok ? (before?.successes ?? 0) + 1 : 0
  let passing = before?.passing ?? null
  if (successes >= successThreshold) passing = true
  if (failures >= failureThreshold) passing = false
  return { passing, failures, successes, excused, detail: answer.detail }
}
