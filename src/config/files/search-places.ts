// Which files may hold the configuration of a folder, in the order in which they are looked for.

export const CONFIG_NAME = 'resilience'

const FORMATS = ['json', 'yaml', 'yml', 'js', 'mjs', 'cjs'] as const

/** package.json comes last: a file of its own says more clearly what is meant. */
export const SEARCH_PLACES: readonly string[] = [
  ...[...FORMATS, 'ts'].map((format) => `${CONFIG_NAME}.config.${format}`),
  `.${CONFIG_NAME}rc`,
  ...FORMATS.map((format) => `.${CONFIG_NAME}rc.${format}`),
  'package.json',
]
