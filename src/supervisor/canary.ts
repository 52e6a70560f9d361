// Whether the workers that try a new release do worse than those of the old one, from what both have answered in the same time.
// Pure arithmetic; when it is asked, and what follows, is watch-canary.ts.
//
// A limit alone would blame the release for a dependency that fails both; a comparison alone would blame it for chance. So the
// new release fails only where its share of failures is over the limit AND over that of the old one, and each by more than three
// standard errors: it is judged once a second, and at three sigmas a hundred looks at an innocent release rarely convict it.

import type { CanarySettings } from '../config/settings.ts'
import type { CanaryReport, CanarySide } from '../events/canary-report.ts'

export interface CanaryCounts {
  readonly answered: number
  /** Answers with a status of 500 or more, and those whose connection broke before they were out. */
  readonly failed: number
  /** Of the event-loop delay, 99th percentile of each second. */
  readonly lagSumMs: number
  readonly beats: number
}

export const NO_COUNTS: CanaryCounts = { answered: 0, failed: 0, lagSumMs: 0, beats: 0 }

const SIGMAS = 3
/** Fewer answers than that say nothing about a share. */
export const MIN_ANSWERED = 20
/** Fewer seconds than that say nothing about lag. */
const MIN_BEATS = 5
/** One machine under load delays both releases; the new one is to blame for what it adds. */
const LAG_FACTOR = 1.5

export function addCounts(to: CanaryCounts, more: CanaryCounts): CanaryCounts {
  return {
    answered: to.answered + more.answered,
    failed: to.failed + more.failed,
    lagSumMs: to.lagSumMs + more.lagSumMs,
    beats: to.beats + more.beats,
  }
}

/** More failures than the limit and than the old release has. */
export function failsTooOften(fresh: CanaryCounts, old: CanaryCounts, maxErrorRate: number): boolean {
  if (fresh.answered < MIN_ANSWERED || leastLikelyShare(fresh) <= maxErrorRate) return false
  return old.answered < MIN_ANSWERED || isHigherThan(fresh, old)
}

/** Later than the limit and than the old release is. */
export function lagsTooMuch(fresh: CanaryCounts, old: CanaryCounts, maxLagP99Ms: number | null): boolean {
  const lag = lagOf(fresh)
  if (maxLagP99Ms === null || lag === null || lag <= maxLagP99Ms) return false
  const oldLag = lagOf(old)
  return oldLag === null || lag > LAG_FACTOR * oldLag
}

export function reportOf(
  fresh: CanaryCounts,
  old: CanaryCounts,
  limits: CanarySettings,
  observedMs: number,
): CanaryReport {
  const { maxErrorRate, maxLagP99Ms } = limits
  const because = failsTooOften(fresh, old, maxErrorRate)
    ? ('errors' as const)
    : lagsTooMuch(fresh, old, maxLagP99Ms)
      ? ('lag' as const)
      : null
  return { observedMs, fresh: sideOf(fresh), old: sideOf(old), maxErrorRate, maxLagP99Ms, because }
}

function sideOf(counts: CanaryCounts): CanarySide {
  const lag = lagOf(counts)
  return {
    answered: counts.answered,
    failed: counts.failed,
    lagMs: lag === null ? null : Math.round(10 * lag) / 10,
  }
}

/** null: too few beats. */
function lagOf({ beats, lagSumMs }: CanaryCounts): number | null {
  return beats < MIN_BEATS ? null : lagSumMs / beats
}

/** The lower end of Wilson's interval: unlike p ± σ it stays right for few answers and for shares near 0 and 1. */
function leastLikelyShare({ failed, answered: n }: CanaryCounts): number {
  const p = failed / n
  const z2 = SIGMAS ** 2
  const centre = p + z2 / (2 * n)
  const spread = SIGMAS * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))
  return (centre - spread) / (1 + z2 / n)
}

/** The usual test of two proportions, one-sided. */
function isHigherThan(fresh: CanaryCounts, old: CanaryCounts): boolean {
  const pooled = (fresh.failed + old.failed) / (fresh.answered + old.answered)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / fresh.answered + 1 / old.answered))
  return fresh.failed / fresh.answered - old.failed / old.answered > SIGMAS * error
}
