// The command line as commander knows it: which commands there are, and how help looks. What each does is in commands/.

import { type Argument, Command } from 'commander'
import { EXIT_CODE_TABLE } from '../exit-codes.ts'
import { VERSION } from '../version.ts'
import { registerCheck } from './commands/check.ts'
import { registerInit } from './commands/init.ts'
import { registerLogs } from './commands/logs.ts'
import { registerReload, registerRestart } from './commands/reload.ts'
import { registerScale } from './commands/scale.ts'
import { registerStart } from './commands/start.ts'
import { registerStatus } from './commands/status.ts'
import { registerStop } from './commands/stop.ts'
import type { CliContext } from './context.ts'
import { addExamples } from './examples.ts'
import type { TypedLine } from './typed-line.ts'

const DEFAULT_WIDTH = 80

type Register = (program: Command, context: CliContext, typed: TypedLine) => void

/** By the groups that help shows. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, Register>>>> = {
  'Run:': {
    start: registerStart,
    reload: registerReload,
    restart: registerRestart,
    scale: registerScale,
    stop: registerStop,
  },
  'Look:': { status: registerStatus, logs: registerLogs },
  'Set up:': {
    check: registerCheck,
    init: registerInit,
  },
}

export function isCommand(word: string | undefined): boolean {
  return word !== undefined && Object.values(COMMANDS).some((commands) => Object.hasOwn(commands, word))
}

/** Runs before each command, so it makes no more than what was typed needs: the rest of it is for help and suggestions. */
export function createProgram(context: CliContext, typed: TypedLine): Command {
  const program = new Command('resil').exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    // Errors are told in one line, by failure.ts.
    writeErr: () => {},
    getOutHelpWidth: () => context.stdout.columns ?? DEFAULT_WIDTH,
    getOutHasColors: () => false,
  })
  const only = isCommand(typed.own[0]) ? typed.own[0] : undefined
  if (only === undefined) describeProgram(program)
  for (const [group, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(group)
    for (const [name, register] of Object.entries(commands)) {
      if (only === undefined || name === only) register(program, context, typed)
    }
  }
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
