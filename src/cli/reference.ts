// The reference page of the command line, made of the same program that parses it. Written by scripts/write-cli-reference.js.

import type { Command } from 'commander'
import { EXIT_CODE_TABLE } from '../exit-codes.ts'
import type { CliContext } from './context.ts'
import { examplesOf } from './examples.ts'
import { createProgram } from './program.ts'

export function referencePage(): string {
  const program = createProgram(nowhere, { own: [], app: [] })
  const groups = [...new Set(program.commands.map((command) => command.helpGroup()))]
  return `${[
    INTRODUCTION,
    ...groups.flatMap((group) => [
      `## ${group.replace(/:$/, '')}`,
      ...program.commands.filter((command) => command.helpGroup() === group).map(section),
    ]),
    `## Exit codes\n\n${table(['code', 'meaning'], EXIT_CODE_TABLE)}`,
    ENVIRONMENT,
    SIGNALS,
    SOCKET,
  ].join('\n\n')}\n`
}

function section(command: Command): string {
  const help = command.createHelp()
  const parts = [
    `### resil ${command.name()}`,
    `${sentence(command.description())}.`,
    code([`resil ${command.name()} ${command.usage()}`]),
  ]
  const takes = [
    ...help.visibleArguments(command).map((argument) => [`\`${argument.name()}\``, argument.description]),
    ...help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map((option) => [`\`${option.flags}\``, help.optionDescription(option)]),
  ]
  if (takes.length > 0) parts.push(table(['', ''], takes))
  const examples = examplesOf(command)
  const width = Math.max(...examples.map(([line]) => line.length))
  parts.push(code(examples.map(([line, meaning]) => `${line.padEnd(width)}  # ${meaning}`)))
  return parts.join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function code(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const INTRODUCTION = `# Commands

<!-- Written from the program by scripts/write-cli-reference.js; edit src/cli/ instead. -->

\`resil <command> --help\` shows what is here. A mistake gets one line on stderr that names it and the fix, and exit code 64.

With \`--json\` the same mistake, and any other failure, is one line on stdout as well: \`{"error":{"code":"RESIL_NO_SUPERVISOR",
"message":"…","details":[],"exitCode":69}}\`; beside it \`status\` has \`"supervisor": null, "apps": []\`, and \`check\` has
\`"ok": false\`.

**Which supervisor** a command means: the one of this folder, or of the nearest folder above that has one; else the only one that
runs; else it says which there are. Naming an app (\`web\`), a slot (\`web:2\`) or the supervisor itself finds the one that has it.
\`--socket\` and \`RESIL_SOCKET\` override all of this.

**A supervisor's name** stands for all its apps, unless one of them is called the same.`

const ENVIRONMENT = `## Environment

| variable | |
| --- | --- |
| \`RESIL_SOCKET\` | the control socket, for \`start\` and for every command that asks |
| \`RESIL_RUNTIME_DIR\` | the folder for control sockets, in place of those below; commands then look nowhere else |
| \`NO_COLOR\`, \`FORCE_COLOR\` | no colour; colour also where stdout is no terminal |
| \`RESIL_…\` | settings: see [configuration](config.md) |

No other variable is needed: not HOME, not XDG_RUNTIME_DIR.`

const SIGNALS = `## Signals to a supervisor

| signal | |
| --- | --- |
| TERM, INT | graceful stop; a second one kills, unless it comes within 300 ms (one wish that arrives twice) |
| HUP | reload; with a terminal, whose end it announces: graceful stop |
| TTIN, TTOU | one worker more, one worker less, where there is one app |
| USR2 | ignored (self-upgrade is not available yet) |

USR1 is Node's own.`

const SOCKET = `## The control socket

It is \`<name>-<hash of folder and entry>.sock\` in the first of these folders that can be made and written: \`$RESIL_RUNTIME_DIR\`,
\`$XDG_RUNTIME_DIR/resil\`, \`/tmp/resil-<uid>\`, \`/dev/shm/resil-<uid>\`. The folders are for their owner alone (mode 0700; another
owner or a symbolic link is refused), the socket has mode 0600. Commands look in all of them, and in \`/run/user/<uid>/resil\`.
Where no folder will do, the supervisor starts all the same and says that commands won't reach it. A socket that somebody removes
is made again within two seconds; one that a killed supervisor left behind is replaced at the next start.

It speaks JSON lines: a request \`{"id":1,"op":"status","params":{}}\`, then any number of \`{"id":1,"item":…}\`, then
\`{"id":1,"ok":true,"result":…}\` or \`{"id":1,"ok":false,"error":{"code":"RESIL_…","message":"…"}}\`. Operations are \`ping\`, \`status\`,
\`plan\`, \`reload\`, \`restart\`, \`scale\`, \`stop\`, \`logs\`, \`incidents\`, \`why\`, \`diagnose\` and \`events\`. A line has at
most 64 KiB.`

/** Nothing is run: the page only asks what there is. */
const nowhere = { stdout: { columns: 1_000 } } as unknown as CliContext
