// Whether a worker takes too much memory, or soon will: resident bytes against a soft limit that lasts, a hard one that counts at
// once, and growth that will reach the hard one. What is done about it is trip-watchdog.ts.

import type { MemoryLimits } from '../../config/settings.ts'
import { calm, hasTripped, observe, type Sustained } from './sustained.ts'
import { addPoint, type Point, steadyGrowth } from './trend.ts'

export interface MemoryWatch {
  readonly soft: Sustained
  readonly hard: Sustained
  readonly growth: Sustained
  readonly trend: readonly Point[]
}

export const freshMemory: MemoryWatch = { soft: calm, hard: calm, growth: calm, trend: [] }

export interface MemoryVerdict {
  readonly limit: 'soft' | 'hard' | 'growth'
  readonly limitBytes: number
  /** Of growth: when it will be at the hard limit. */
  readonly inMs: number | null
}

/** How far ahead growth is followed. */
const HORIZON_MS = 120_000
/** Caches fill after the boot; what they make is no trend. */
const SETTLE_MS = 30_000
/** Below this part of the hard limit growth may be anything. */
const GROWTH_FROM = 0.5

export function watchMemory(
  before: MemoryWatch,
  rssBytes: number,
  limits: MemoryLimits,
  readyForMs: number,
  now: number,
): { readonly watch: MemoryWatch; readonly verdict: MemoryVerdict | null } {
  const { softBytes, hardBytes, sustainMs } = limits
  const soft = softBytes === null ? calm : observe(before.soft, rssBytes, softBytes, sustainMs, now)
  const hard = hardBytes === null ? calm : observe(before.hard, rssBytes, hardBytes, 0, now)
  const follows = limits.predict && hardBytes !== null && readyForMs >= SETTLE_MS
  const trend = follows ? addPoint(before.trend, now, rssBytes) : []
  const inMs = hardBytes === null ? Number.POSITIVE_INFINITY : reachesIn(trend, rssBytes, hardBytes)
  // As a rate, so that more is worse: 1 is "at the horizon".
  const growth = observe(before.growth, HORIZON_MS / Math.max(1, inMs), 1, sustainMs, now)
  const watch = { soft, hard, growth, trend }
  if (hardBytes !== null && hasTripped(before.hard, hard))
    return { watch, verdict: { limit: 'hard', limitBytes: hardBytes, inMs: null } }
  if (softBytes !== null && hasTripped(before.soft, soft))
    return { watch, verdict: { limit: 'soft', limitBytes: softBytes, inMs: null } }
  if (hardBytes !== null && hasTripped(before.growth, growth))
    return { watch, verdict: { limit: 'growth', limitBytes: hardBytes, inMs } }
  return { watch, verdict: null }
}

function reachesIn(trend: readonly Point[], rssBytes: number, hardBytes: number): number {
  if (rssBytes < hardBytes * GROWTH_FROM || rssBytes >= hardBytes) return Number.POSITIVE_INFINITY
  const perMs = steadyGrowth(trend)
  return perMs === 0 ? Number.POSITIVE_INFINITY : (hardBytes - rssBytes) / perMs
}
