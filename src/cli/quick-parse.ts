// Reads the plain lines that people and scripts type all day without loading commander, which takes 4 of the 15 ms that a
// command may cost. Whatever is not plain (help, mistakes, -abc, --x=y in doubt) is left to commander, errors included.

import { type AnyCommandSpec, namesOf } from './command-spec.ts'

export interface QuickLine {
  readonly argument: string | undefined
  readonly options: Readonly<Record<string, string | true>>
}

/** null: not plain. `words`: what follows the command. */
export function quickParse(spec: AnyCommandSpec, words: readonly string[]): QuickLine | null {
  const known = spec.options.map(namesOf)
  const options: Record<string, string | true> = {}
  let argument: string | undefined
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) {
      if (argument !== undefined) return null
      argument = word
      continue
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const name = equals === -1 ? word : word.slice(0, equals)
    const option = known.find(({ long, short }) => name === long || name === short)
    if (option === undefined || option.takesValue === (equals === -1 && at + 1 >= words.length)) return null
    if (!option.takesValue) {
      if (equals !== -1) return null
      options[option.key] = true
      continue
    }
    const value = equals === -1 ? words[++at] : word.slice(equals + 1)
    // `--lines -f` is a mistake, or a value that looks like one.
    if (value === undefined || value.startsWith('-')) return null
    options[option.key] = value
  }
  return spec.argument.required && argument === undefined ? null : { argument, options }
}
