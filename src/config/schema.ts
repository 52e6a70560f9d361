// The whole shape of a config file: one app at the top level, or several under `apps`. Each setting's words, unit, default and
// range are in sections/; what a setting comes to after precedence and machine is resolve.ts. Nothing a client command loads
// may import this: it brings zod along.

import * as z from 'zod/mini'
import { argList, choice, mixed, section, text, textList, textRecord, whole, yesNo } from './fields/field.ts'
import { appLog, fileLog, supervisorLog } from './sections/log.ts'
import { admin, chaos, hooks } from './sections/outside.ts'
import { probes } from './sections/probes.ts'
import { ready } from './sections/ready.ts'
import { reload } from './sections/reload.ts'
import { restart } from './sections/restart.ts'
import { shutdown } from './sections/shutdown.ts'
import { recycle, watchdogs } from './sections/watchdogs.ts'

export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
export const MAX_INSTANCES = 1024

/** What one app may set. */
const appShape = {
  name: z.optional(
    text({
      description: 'What commands, logs and metrics call it.',
      defaultText: 'the name in package.json, else that of the entry',
      expects: 'a name of letters, digits, ".", "_" and "-" (64 at most, a letter or digit first)',
      pattern: NAME_PATTERN,
    }),
  ),
  script: z.optional(
    text({
      description: 'The entry: a JavaScript or TypeScript file, or a folder with a package.json. Relative to `cwd`.',
      defaultText: 'main of the package.json in `cwd`',
    }),
  ),
  args: z.prefault(argList({ description: 'Arguments of the app.' }), []),
  cwd: z.optional(
    text({ description: 'The folder that workers run in. Relative to the config file.', defaultText: 'its folder' }),
  ),
  nodeArgs: z.prefault(argList({ description: 'Flags for node, such as `--max-old-space-size=512`.' }), []),
  env: z.prefault(
    textRecord({ description: "Environment of the workers, on top of resil's own and of `envFile`." }),
    {},
  ),
  envFile: z.prefault(
    mixed(z.union([z.string().check(z.minLength(1)), z.array(z.string().check(z.minLength(1)))]), {
      description: 'File or files of `NAME=value` lines, relative to `cwd`. A later one wins. Read again by a reload.',
      expects: 'a file name, or a list of them',
    }),
    [],
  ),
  instances: z.prefault(
    mixed(z.union([z.int().check(z.gte(1), z.lte(MAX_INSTANCES)), z.enum(['auto', 'max'])]), {
      description:
        'How many workers. `auto`: as many as there are CPUs to use (affinity and cgroup quota, rounded down, at least 1). `max`: CPUs by affinity alone.',
      expects: `a number of workers: a whole number from 1 to ${MAX_INSTANCES}, "auto" or "max"`,
    }),
    'auto',
  ),
  ready: z.prefault(ready, {}),
  restart: z.prefault(restart, {}),
  shutdown: z.prefault(shutdown, {}),
  reload: z.prefault(reload, {}),
  dependsOn: z.prefault(
    textList({
      description: 'Names of apps that must be ready before this one starts, and that stop after it.',
      expects: 'a list of app names',
    }),
    [],
  ),
  watchdogs: z.prefault(watchdogs, {}),
  recycle: z.optional(recycle),
  probes: z.optional(probes),
  standby: z.prefault(
    whole({
      description:
        'Booted workers in reserve: their `listen()` waits, and one of them takes the place of a worker that crashes, without a boot in between. What the entry does before it listens runs in them too.',
      max: MAX_INSTANCES,
    }),
    0,
  ),
  reusePort: z.prefault(
    yesNo({
      description:
        'Workers accept for themselves, each slot on a socket of its own (SO_REUSEPORT): more new connections a second, but no rotation. Linux, Node 22.12 or later.',
    }),
    false,
  ),
  sticky: z.prefault(
    yesNo({ description: 'The same client address gets the same worker: for long polling, as of socket.io.' }),
    false,
  ),
  watch: z.prefault(
    mixed(z.union([z.boolean(), z.array(z.string().check(z.minLength(1)))]), {
      description: 'Reload when these files change; `true`: the folder of the app.',
      expects: 'true, false or a list of paths',
    }),
    false,
  ),
  hooks: z.optional(hooks),
}

/** What holds for all apps of a supervisor. */
const supervisorShape = {
  schedule: z.prefault(
    choice(['round-robin', 'shared'], {
      description:
        '`round-robin`: resil hands each connection to the next worker. `shared`: workers accept for themselves from one socket; more new connections a second, but uneven balance and no rotation.',
    }),
    'round-robin',
  ),
  admin: z.prefault(admin, {}),
  chaos: z.prefault(chaos, {}),
  stateDir: z.optional(
    text({
      description:
        'Where incidents are kept: at most 100, and 8 MiB. Relative to the folder of the config. In a container: a volume, or they go with it.',
      defaultText: '`resil` in $XDG_STATE_HOME or ~/.local/state, else /var/lib/resil, else beside the control socket',
    }),
  ),
}

/** The settings of one app, after all layers are merged. */
export const App = section('One app.', { ...appShape, log: z.prefault(appLog, {}) })
export type App = z.infer<typeof App>

/** The settings of the supervisor itself, after all layers are merged. */
export const Supervisor = section('The supervisor.', { ...supervisorShape, log: z.prefault(supervisorLog, {}) })
export type Supervisor = z.infer<typeof Supervisor>

/** What a config file may hold. */
export const ConfigFile = section('Configuration of resil.', {
  $schema: z.optional(text({ description: 'Where editors find the JSON schema of this file.' })),
  ...appShape,
  ...supervisorShape,
  log: z.prefault(fileLog, {}),
  apps: z.optional(
    mixed(z.array(App).check(z.minLength(1)), {
      description:
        'Several apps in one supervisor. Settings of an app beside `apps` hold for all entries that do not set their own.',
      expects: 'a list of apps (at least one)',
    }),
  ),
})
