// Reads the plain lines that people and scripts type all day without commander, which takes 4 of the 15 ms that a command may
// cost. Whatever is not plain (help, mistakes, -abc, a value with a dash) is left to commander, errors included.

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
    const option = known.find(({ long, short }) => word === long || word === short)
    if (option === undefined) return null
    if (option.takesValue) at += 1
    const value = option.takesValue ? words[at] : true
    if (value === undefined || (value !== true && value.startsWith('-'))) return null
    options[option.key] = value
  }
  return spec.argument.required && argument === undefined ? null : { argument, options }
}
