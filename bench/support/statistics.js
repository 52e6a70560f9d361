// What may be said of a handful of noisy measurements: the median, where it may lie, and whether a budget is met.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Where the true median lies with at least 95 % confidence, whatever the distribution: between two of the sorted values, so many
 * from either end that fewer than 2.5 % of all samples have their median beyond (binomial, p = 1/2). Under six values: all.
 */
export function medianInterval(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  let term = 0.5 ** n
  let tail = term
  let skip = 0
  while (tail <= 0.025) {
    skip += 1
    term = (term * (n - skip + 1)) / skip
    tail += term
  }
  const low = Math.max(0, skip - 1)
  return [sorted[low], sorted[n - 1 - low]]
}

/** `bound`: { atLeast } or { atMost }. Noise that spans the budget is told as such, never as a success. */
export function verdict(values, { atLeast, atMost }) {
  const [low, high] = medianInterval(values)
  const middle = median(values)
  const [met, spans] = atLeast === undefined ? [middle <= atMost, low <= atMost] : [middle >= atLeast, high >= atLeast]
  if (met) return 'met'
  return spans ? 'UNCLEAR' : 'MISSED'
}
