// Settings whose feature is still to come. They are parsed, checked and documented, but asking for one is refused: a setting
// that is silently ignored is worse than none. A feature that lands takes its line out of this one table.

interface NotYet {
  /** A setting, or a group of settings. */
  readonly key: string
  /** Values that do not ask for the feature. */
  readonly off?: readonly unknown[]
}

const NOT_YET: readonly NotYet[] = [{ key: 'watch', off: [false] }]

const NOT_AVAILABLE = 'not available yet in this version of resil'

/** The setting (or the group around it) that has to wait, and the words for it; undefined where the value may stand. */
export function notYet(key: string, value: unknown): { readonly key: string; readonly message: string } | undefined {
  const entry = NOT_YET.find((candidate) => key === candidate.key || key.startsWith(`${candidate.key}.`))
  if (entry === undefined || entry.off?.includes(value)) return undefined
  if (Array.isArray(value) && value.length === 0) return undefined
  return { key: entry.key, message: NOT_AVAILABLE }
}

/** For the reference page. */
export function availability(key: string): 'now' | 'not yet' {
  const waits = NOT_YET.some((candidate) => key === candidate.key || key.startsWith(`${candidate.key}.`))
  return waits ? 'not yet' : 'now'
}
