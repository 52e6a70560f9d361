// A row of numbers as a few characters, so that a rise is seen at a glance. null: nothing was known then.

const BLOCKS = '▁▂▃▄▅▆▇█'

/** At most `width` characters, each the highest of its share of the values. From the lowest to the highest value, or flat. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0 || width < 1) return ''
  const lowest = Math.min(...known)
  const span = Math.max(...known) - lowest
  return inShares(values, width)
    .map((value) => {
      if (value === null) return ' '
      return span === 0 ? BLOCKS[0] : BLOCKS[Math.min(7, Math.floor(((value - lowest) / span) * 8))]
    })
    .join('')
}

function inShares(values: readonly (number | null)[], width: number): (number | null)[] {
  if (values.length <= width) return [...values]
  return Array.from({ length: width }, (_, share) => {
    const from = Math.floor((share * values.length) / width)
    const to = Math.floor(((share + 1) * values.length) / width)
    const known = values.slice(from, to).filter((value) => value !== null)
    return known.length === 0 ? null : Math.max(...known)
  })
}
