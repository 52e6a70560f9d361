// What a probe has said so far, and what it comes to: so many failures in a row fail, so many successes in a row pass.

import type { ProbeSettings } from '../../config/settings.ts'

export interface ProbeState {
  /** null: neither threshold has been reached yet. */
  readonly passing: boolean | null
  /** In a row; one of them is 0. */
  readonly failures: number
  readonly successes: number
  /** What was said last: "GET /healthz: 503". */
  readonly detail: string
}

export function judge(
  before: ProbeState | null,
  answer: { readonly ok: boolean; readonly detail: string },
  { failureThreshold, successThreshold }: Pick<ProbeSettings, 'failureThreshold' | 'successThreshold'>,
): ProbeState {
  const failures = answer.ok ? 0 : (before?.failures ?? 0) + 1
  const successes = answer.ok ? (before?.successes ?? 0) + 1 : 0
  let passing = before?.passing ?? null
  if (successes >= successThreshold) passing = true
  if (failures >= failureThreshold) passing = false
  return { passing, failures, successes, detail: answer.detail }
}
