// Examples of a command: shown by its --help, and in the reference page that is generated from the same.

import type { Command } from 'commander'
import type { Example } from './command-spec.ts'

const examples = new WeakMap<Command, readonly Example[]>()

export function addExamples(command: Command, added: readonly Example[]): void {
  examples.set(command, added)
  const width = Math.max(...added.map(([line]) => line.length))
  const lines = added.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`)
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

export function examplesOf(command: Command): readonly Example[] {
  return examples.get(command) ?? []
}
