// Which faults a call gets: a fixed number of draws for each call, so that the same seed gives the same faults in the same
// order of calls, whatever the probabilities.

export type Latency =
  | number
  | { readonly minMs: number; readonly maxMs: number }
  | { readonly medianMs: number; readonly p99Ms: number }

export interface Faults {
  readonly latencyMs: number | undefined
  readonly hang: boolean
  readonly error: boolean
  readonly outcome: boolean
}

export interface Odds {
  readonly latency: Latency
  readonly latencyProbability: number
  readonly hangProbability: number
  readonly probability: number
  readonly outcomeProbability: number
}

export function draw(odds: Odds, random: () => number): Faults {
  const [late, u, v, hang, error, outcome] = [random(), random(), random(), random(), random(), random()]
  return {
    latencyMs: late < odds.latencyProbability ? latencyOf(odds.latency, u, v) : undefined,
    hang: hang < odds.hangProbability,
    error: error < odds.probability,
    outcome: outcome < odds.outcomeProbability,
  }
}

/** The 99th percentile of a standard normal distribution. */
const Z99 = 2.3263

function latencyOf(latency: Latency, u: number, v: number): number {
  if (typeof latency === 'number') return latency
  if ('minMs' in latency) return latency.minMs + (latency.maxMs - latency.minMs) * u
  // Box–Muller; 1 - u is never 0.
  const z = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
  return latency.medianMs * Math.exp((Math.log(latency.p99Ms / latency.medianMs) / Z99) * z)
}

/** mulberry32: small, and the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
