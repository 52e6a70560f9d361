// The command line as commander knows it: which commands there are, and how help looks. What each does is in commands/.

import { type Argument, Command } from 'commander'
import { EXIT_CODE_TABLE } from '../exit-codes.ts'
import { VERSION } from '../version.ts'
import { addCommand } from './add-command.ts'
import { registerCheck } from './commands/check.ts'
import { registerInit } from './commands/init.ts'
import { startCommand } from './commands/start.ts'
import type { CliContext } from './context.ts'
import { addExamples } from './examples.ts'
import { lightCommands } from './light-commands.ts'
import type { TypedLine } from './typed-line.ts'

const DEFAULT_WIDTH = 80

/** Parses and runs what the quick way has left: `start`, `check`, `init`, help, and every mistake. Throws what goes wrong. */
export async function runProgram(line: TypedLine, context: CliContext): Promise<void> {
  const program = createProgram(context, line)
  const [first = ''] = line.own
  // commander answers an unknown command that is followed by --help with its general help, as if all were well.
  const known = first.startsWith('-') || program.commands.some((command) => command.name() === first)
  await program.parseAsync(known ? [...line.own] : [first], { from: 'user' })
}

export function createProgram(context: CliContext, line: TypedLine): Command {
  const program = new Command('resil').exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    // Errors are told in one line, by failure.ts.
    writeErr: () => {},
    getOutHelpWidth: () => context.stdout.columns || DEFAULT_WIDTH,
    getOutHasColors: () => false,
  })
  describeProgram(program)
  const add = (name: string): void => {
    const spec = [startCommand, ...lightCommands].find((command) => command.name === name)
    if (spec !== undefined) addCommand(program, spec, context, line)
  }
  program.commandsGroup('Run:')
  for (const name of ['start', 'reload', 'restart', 'scale', 'stop']) add(name)
  program.commandsGroup('Look:')
  for (const name of ['status', 'logs', 'incidents', 'why', 'diagnose']) add(name)
  program.commandsGroup('Set up:')
  registerCheck(program, context)
  registerInit(program, context)
  return program
}

function describeProgram(program: Command): void {
  program
    .description(
      'Keeps Node.js services alive: runs an app as several workers and restarts, drains, reloads and explains them.',
    )
    .usage('<command> [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; after a command, what that one does')
    // `resil help reload` is read as `resil reload --help`.
    .helpCommand(false)
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(termOf)].join(' '),
    })
  addExamples(program, [
    ['resil start app.js -w 4', 'four workers, in the foreground'],
    ['resil start app.js -d', 'in the background; returns once it is ready'],
    ['resil reload', 'a new release, without a gap'],
    ['resil logs -f', 'what the workers say'],
  ])
  program.addHelpText('after', `\n${exitCodeHelp()}`)
}

function termOf(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`
}

function exitCodeHelp(): string {
  const width = Math.max(...EXIT_CODE_TABLE.map(([code]) => code.length))
  return ['Exit codes:', ...EXIT_CODE_TABLE.map(([code, meaning]) => `  ${code.padEnd(width)}  ${meaning}`)].join('\n')
}
