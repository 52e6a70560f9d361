// How a concurrency limit follows the latencies that it sees. Two rules of Netflix's concurrency-limits, rewritten as pure
// steps: (what was learnt, a sample) → what is learnt now. Vegas estimates the queue at the other end from the lowest latency
// seen; gradient compares the latest with the long run, and so forgives a slow drift.

export interface LimitRules {
  readonly minLimit: number
  readonly maxLimit: number
}

export interface Sample {
  readonly durationMs: number
  /** When the call began, itself included. */
  readonly inFlight: number
  /** The call was lost to overload: it took too long. */
  readonly dropped: boolean
}

export interface Learnt {
  readonly limit: number
  /** vegas: the lowest seen; gradient: the long-run average. 0 before the first sample. */
  readonly baseMs: number
  /** Since baseMs was last begun anew. */
  readonly samples: number
}

export type LimitStep = (learnt: Learnt, sample: Sample, rules: LimitRules) => Learnt

/** Vegas forgets the lowest latency after so many samples per permit: else one lucky call would rule for ever. */
const PROBE_AFTER = 30
const BACKOFF_ON_DROP = 0.9
const LONG_RUN_SAMPLES = 600
const SMOOTHING = 0.2
/** Gradient: how much slower than usual is still usual. */
const TOLERANCE = 1.5
/** Gradient: always leave room for a few to queue. */
const ROOM = 4

export const vegas: LimitStep = (learnt, sample, rules) => {
  const { limit } = learnt
  const samples = learnt.samples + 1
  const durationMs = Math.max(sample.durationMs, 0.001)
  if (learnt.baseMs === 0 || samples > PROBE_AFTER * limit) return { limit, baseMs: durationMs, samples: 0 }
  const baseMs = Math.min(learnt.baseMs, durationMs)
  const next = (to: number): Learnt => ({ limit: clamp(to, rules), baseMs, samples })
  const step = Math.max(1, Math.log10(limit))
  if (sample.dropped) return next(limit - step)
  // Half idle: the latency says nothing about this limit.
  if (sample.inFlight * 2 < limit) return next(limit)
  const queued = Math.ceil(limit * (1 - baseMs / durationMs))
  if (queued <= step) return next(limit + 6 * step)
  if (queued < 3 * step) return next(limit + step)
  return next(queued > 6 * step ? limit - step : limit)
}

export const gradient: LimitStep = (learnt, sample, rules) => {
  const { limit } = learnt
  const durationMs = Math.max(sample.durationMs, 0.001)
  const samples = learnt.samples + 1
  const weight = 1 / Math.min(samples, LONG_RUN_SAMPLES)
  const longRunMs = learnt.baseMs + (durationMs - learnt.baseMs) * weight
  // Much faster than the long run: a bad time is over, do not remember it for 600 samples.
  const baseMs = longRunMs > 2 * durationMs ? longRunMs * 0.95 : longRunMs
  if (sample.dropped) return { limit: clamp(limit * BACKOFF_ON_DROP, rules), baseMs, samples }
  if (sample.inFlight * 2 < limit) return { limit, baseMs, samples }
  const slope = Math.max(0.5, Math.min(1, (TOLERANCE * baseMs) / durationMs))
  const target = limit * slope + ROOM
  return { limit: clamp(limit * (1 - SMOOTHING) + target * SMOOTHING, rules), baseMs, samples }
}

function clamp(limit: number, { minLimit, maxLimit }: LimitRules): number {
  return Math.min(maxLimit, Math.max(minLimit, limit))
}
