// `resil start`: declares its flags. Running it loads the supervisor (start/supervise.ts), or starts one in the background.

import type { CommandSpec } from '../command-spec.ts'
import { type SocketOption, socketOption } from '../options.ts'

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

export const startCommand: CommandSpec<StartOptions> = {
  name: 'start',
  summary: 'run an app, or all apps of the config, in the foreground; Ctrl-C drains and stops',
  usage: '[entry] [options] [-- args…]',
  argument: {
    name: 'entry',
    required: false,
    summary: "the app's script, or a folder with a package.json; without it the config file says",
  },
  options: [
    { flags: '-w, --workers <count>', summary: 'how many workers: a number, auto (CPU quota and affinity) or max' },
    { flags: '--name <name>', summary: 'name of the app and its supervisor (default: from package.json or the entry)' },
    { flags: '-c, --config <file>', summary: 'config file, instead of looking for one' },
    { flags: '-d, --detach', summary: 'run in the background; returns once the app is ready, or fails with its error' },
    { flags: '--max-memory <size>', summary: 'replace a worker above this, such as 512mb' },
    { flags: '--node-args <args>', summary: 'flags for node itself, such as "--max-old-space-size=512"' },
    { flags: '--env-file <file>', summary: 'variables for the app, one NAME=value per line' },
    { flags: '--standby <count>', summary: 'booted workers in reserve: a crash costs milliseconds instead of a boot' },
    {
      flags: '--schedule <how>',
      summary: 'how connections reach workers: round-robin, or shared (faster, fewer guarantees)',
    },
    { flags: '--json-logs', summary: 'log as JSON lines' },
    socketOption,
    // Of later versions: refused by name, so that nobody takes them for granted.
    { flags: '--watch', summary: '', hidden: true },
    // resil's own: see start/in-background.ts.
    { flags: '--report-fd <fd>', summary: '', hidden: true },
  ],
  note: 'Arguments after -- are handed to the app as they are.',
  examples: [
    ['resil start app.js', 'as many workers as there are CPUs to use'],
    ['resil start app.js -w 4 -- --port 3000', 'four workers; the app gets --port 3000'],
    ['resil start .', 'the main script of package.json'],
    ['resil start', 'what resilience.config.json says'],
    ['resil start app.js -d', 'in the background'],
  ],
  run: async (entry, options, context, line) => {
    if (options.detach && options.reportFd === undefined) {
      const { startInBackground } = await import('../start/in-background.ts')
      return startInBackground(line, context)
    }
    const { supervise } = await import('../start/supervise.ts')
    return supervise(entry, line.app, options, context)
  },
}
