// What a canary has shown: in events, verdicts and incidents. Types, and how they are told.

import { duration } from './words.ts'

export interface CanarySide {
  readonly answered: number
  /** Answers with a status of 500 or more, and those whose connection broke before they were out. */
  readonly failed: number
  /** Mean over the workers' seconds of the event-loop delay, 99th percentile; null: too few seconds. */
  readonly lagMs: number | null
}

export interface CanaryReport {
  readonly observedMs: number
  readonly fresh: CanarySide
  readonly old: CanarySide
  readonly maxErrorRate: number
  readonly maxLagP99Ms: number | null
  /** What was too much; null: nothing. */
  readonly because: 'errors' | 'lag' | null
}

/** "the new release failed 12 of 100 requests (12 %), the old one 3 of 300 (1 %)" */
export function canaryWords({ fresh, old, maxErrorRate, maxLagP99Ms, because }: CanaryReport): string {
  switch (because) {
    case 'errors':
      return `the new release failed ${shareWords(fresh)}, the old one ${shareWords(old)}; reload.canary.maxErrorRate is ${percent(maxErrorRate)}`
    case 'lag':
      return `the event loop of the new release was ${lagWords(fresh)} late, that of the old one ${lagWords(old)}; reload.canary.maxLagP99 is ${duration(maxLagP99Ms ?? 0)}`
    case null:
      if (fresh.answered === 0) return 'nobody asked the new release anything, so this says nothing about it'
      return `the new release failed ${shareWords(fresh)}, the old one ${shareWords(old)}${bothLags(fresh, old)}`
  }
}

function shareWords({ answered, failed }: CanarySide): string {
  if (answered === 0) return 'none of 0 requests'
  return `${failed === 0 ? 'none' : failed} of ${answered} requests${failed === 0 ? '' : ` (${percent(failed / answered)})`}`
}

function percent(share: number): string {
  return `${Math.round(1_000 * share) / 10} %`
}

/** Said only where both are known: half of a comparison tells nothing. */
function bothLags(fresh: CanarySide, old: CanarySide): string {
  return fresh.lagMs === null || old.lagMs === null
    ? ''
    : `; event loops were ${lagWords(fresh)} and ${lagWords(old)} late`
}

function lagWords({ lagMs }: CanarySide): string {
  return lagMs === null ? 'an unknown time' : duration(lagMs)
}
