// Whether a measure grows steadily, and how fast: a straight line through the last minute. Strict on purpose: garbage collection
// makes sawteeth, a boot makes a curve that flattens, and neither may be taken for a leak.

export interface Point {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly value: number
}

/** Points closer than this say nothing new. */
const EVERY_MS = 2_000
const KEPT_MS = 60_000
/** After such a hole the past says nothing about the present. */
const LONGEST_HOLE_MS = 10_000

const LEAST_SPAN_MS = 30_000
const LEAST_POINTS = 10
/** Share of the variation that the line explains (R²). */
const LEAST_FIT = 0.9
/** The deepest fall on the way, as a share of the growth. */
const DEEPEST_FALL = 0.1
/** The later half must grow at least so fast, compared with the whole. */
const LATER_HALF = 0.6

export function addPoint(points: readonly Point[], at: number, value: number): readonly Point[] {
  const last = points.at(-1)
  if (last !== undefined && at - last.at < EVERY_MS) return points
  if (last !== undefined && at - last.at > LONGEST_HOLE_MS) return [{ at, value }]
  return [...points.filter((point) => point.at > at - KEPT_MS), { at, value }]
}

/** Growth per millisecond; 0: none that can be relied upon. */
export function steadyGrowth(points: readonly Point[]): number {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return 0
  if (points.length < LEAST_POINTS || last.at - first.at < LEAST_SPAN_MS) return 0
  const whole = fitLine(points)
  const later = fitLine(points.slice(Math.floor(points.length / 2)))
  if (whole.perMs <= 0 || whole.fit < LEAST_FIT || later.perMs < whole.perMs * LATER_HALF) return 0
  return deepestFall(points) <= (last.value - first.value) * DEEPEST_FALL ? whole.perMs : 0
}

/** Least squares. `fit`: R², 0..1. */
export function fitLine(points: readonly Point[]): { readonly perMs: number; readonly fit: number } {
  const meanAt = mean(points.map(({ at }) => at))
  const meanValue = mean(points.map(({ value }) => value))
  let covariance = 0
  let varianceAt = 0
  let varianceValue = 0
  for (const { at, value } of points) {
    covariance += (at - meanAt) * (value - meanValue)
    varianceAt += (at - meanAt) ** 2
    varianceValue += (value - meanValue) ** 2
  }
  if (varianceAt === 0 || varianceValue === 0) return { perMs: 0, fit: 0 }
  return { perMs: covariance / varianceAt, fit: covariance ** 2 / (varianceAt * varianceValue) }
}

function deepestFall(points: readonly Point[]): number {
  let highest = Number.NEGATIVE_INFINITY
  let deepest = 0
  for (const { value } of points) {
    highest = Math.max(highest, value)
    deepest = Math.max(deepest, highest - value)
  }
  return deepest
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
