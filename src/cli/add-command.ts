// From a command's spec to commander's idea of it.

import { type Command, Option } from 'commander'
import type { AnyCommandSpec } from './command-spec.ts'
import type { CliContext } from './context.ts'
import { addExamples } from './examples.ts'
import type { TypedLine } from './typed-line.ts'

export function addCommand(program: Command, spec: AnyCommandSpec, context: CliContext, line: TypedLine): void {
  const { name, required, summary } = spec.argument
  const command = program
    .command(spec.name)
    .description(spec.summary)
    .argument(required ? `<${name}>` : `[${name}]`, summary)
    .action(async (argument: string | undefined, options: unknown) => {
      context.finish(await spec.run(argument, options, context, line))
    })
  if (spec.usage !== undefined) command.usage(spec.usage)
  for (const { flags, summary: words, hidden = false } of spec.options) {
    command.addOption(new Option(flags, words).hideHelp(hidden))
  }
  if (spec.note !== undefined) command.addHelpText('after', `\n${spec.note}`)
  addExamples(command, spec.examples)
}
