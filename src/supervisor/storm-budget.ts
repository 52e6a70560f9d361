// The storm budget of an app: a score that every crash of any slot raises by one and that halves each half-life.
// It sees what no single slot's window does: many slots that each crash only now and then.

export interface StormScore {
  readonly score: number
  /** When `score` was true, monotonic milliseconds. */
  readonly at: number
}

export const emptyStorm: StormScore = { score: 0, at: 0 }

export function scoreAt(storm: StormScore, halfLifeMs: number, now: number): number {
  return storm.score * 0.5 ** (Math.max(0, now - storm.at) / halfLifeMs)
}

export function addCrash(storm: StormScore, halfLifeMs: number, now: number): StormScore {
  return { score: scoreAt(storm, halfLifeMs, now) + 1, at: now }
}

/** `auto` is max(5, 2 · instances): every worker may fall once, and half of them twice in a minute. */
export function stormLimit(max: number | 'auto', instances: number): number {
  return max === 'auto' ? Math.max(5, 2 * instances) : max
}
