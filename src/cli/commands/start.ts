// `resil start`: declares its flags. Running it loads the supervisor (start/supervise.ts), or starts one in the background.

import { type Command, Option } from 'commander'
import type { CliContext } from '../context.ts'
import { addExamples } from '../examples.ts'
import { type SocketOption, socketOption } from '../options.ts'
import type { TypedLine } from '../typed-line.ts'

export interface StartOptions extends SocketOption {
  readonly workers?: string
  readonly name?: string
  readonly config?: string
  readonly detach?: boolean
  readonly nodeArgs?: string
  readonly envFile?: string
  readonly schedule?: string
  readonly jsonLogs?: boolean
  readonly maxMemory?: string
  readonly standby?: string
  readonly watch?: boolean
  /** Only of a supervisor that was started by `-d`: where it says how its start goes. */
  readonly reportFd?: string
}

export function registerStart(program: Command, context: CliContext, typed: TypedLine): void {
  const command = program
    .command('start')
    .description('run an app, or all apps of the config, in the foreground; Ctrl-C drains and stops')
    .usage('[entry] [options] [-- args…]')
    .argument('[entry]', "the app's script, or a folder with a package.json; without it the config file says")
    .option('-w, --workers <count>', 'how many workers: a number, auto (CPU quota and affinity) or max')
    .option('--name <name>', 'name of the app and its supervisor (default: from package.json or the entry)')
    .option('-c, --config <file>', 'config file, instead of looking for one')
    .option('-d, --detach', 'run in the background; returns once the app is ready, or fails with its error')
    .option('--node-args <args>', 'flags for node itself, such as "--max-old-space-size=512"')
    .option('--env-file <file>', 'variables for the app, one NAME=value per line')
    .option('--schedule <how>', 'how connections reach workers: round-robin, or shared (faster, fewer guarantees)')
    .option('--json-logs', 'log as JSON lines')
    .addOption(socketOption())
    .addOption(new Option('--max-memory <size>').hideHelp())
    .addOption(new Option('--standby <count>').hideHelp())
    .addOption(new Option('--watch').hideHelp())
    .addOption(new Option('--report-fd <fd>').hideHelp())
    .action(async (entry: string | undefined, options: StartOptions) => {
      if (options.detach && options.reportFd === undefined) {
        const { startInBackground } = await import('../start/in-background.ts')
        return context.finish(await startInBackground(typed, context))
      }
      const { supervise } = await import('../start/supervise.ts')
      context.finish(await supervise(entry, typed.app, options, context))
    })
  command.addHelpText('after', '\nArguments after -- are handed to the app as they are.')
  addExamples(command, [
    ['resil start app.js', 'as many workers as there are CPUs to use'],
    ['resil start app.js -w 4 -- --port 3000', 'four workers; the app gets --port 3000'],
    ['resil start .', 'the main script of package.json'],
    ['resil start', 'what resilience.config.json says'],
    ['resil start app.js -d', 'in the background'],
  ])
}
