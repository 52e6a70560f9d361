// `resil incidents`: what went wrong, newest first; from a running supervisor, or from what the last one left on the disk.

import { selectIncidents } from '../../incidents/select.ts'
import { choosePaint } from '../../process/output/colour.ts'
import { askOrRead, type StateOption, stateOption } from '../ask-or-read.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { countOf, type SocketOption, sinceOf, socketOption } from '../options.ts'
import { renderIncidents } from '../render/incidents.ts'
import { appOf } from '../with-supervisor.ts'

interface IncidentsOptions extends SocketOption, StateOption {
  readonly json?: boolean
  readonly since?: string
  readonly limit?: string
}

const DEFAULT_WIDTH = 80
const DEFAULT_LIMIT = 20

export const incidentsCommand: CommandSpec<IncidentsOptions> = {
  name: 'incidents',
  summary: 'list what went wrong, newest first',
  argument: { name: 'app', required: false, summary: 'one app; all of them where it is left out' },
  options: [
    { flags: '--since <time>', summary: 'what went on after then: 1h (ago), or a date such as 2026-01-31T12:00:00Z' },
    { flags: '-n, --limit <count>', summary: `the newest ones only (default: ${DEFAULT_LIMIT})` },
    { flags: '--json', summary: 'print one JSON document: { incidents: [...] }' },
    stateOption,
    socketOption,
  ],
  note: 'Without a running supervisor it reads what the last one left on the disk.',
  examples: [
    ['resil incidents', 'the newest ones'],
    ['resil incidents web --since 1d', "web's, of the last day"],
    ['resil incidents --json', 'for scripts'],
  ],
  run: incidents,
}

async function incidents(target: string | undefined, options: IncidentsOptions, context: CliContext): Promise<number> {
  const { clock, env, stdout } = context
  const since = options.since === undefined ? undefined : sinceOf(options.since, clock.wallNow())
  const limit = options.limit === undefined ? DEFAULT_LIMIT : Math.max(1, countOf('--limit', options.limit))
  const found = await askOrRead(
    context,
    { ...options, target },
    {
      ask: async (supervisor) => {
        const wanted = { app: appOf(supervisor, target), since, limit }
        return (await supervisor.client.request('incidents', wanted)).incidents
      },
      read: async (stored) => {
        const app = stored.apps.includes(target ?? '') ? target : undefined
        return selectIncidents(await stored.list(), { app, since, limit })
      },
    },
  )
  const style = {
    width: stdout.columns || DEFAULT_WIDTH,
    paint: choosePaint(stdout.isTTY === true, env),
    now: clock.wallNow(),
  }
  stdout.write(options.json ? `${JSON.stringify({ incidents: found }, null, 2)}\n` : renderIncidents(found, style))
  return 0
}
