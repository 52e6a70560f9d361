// `resil why`: one incident in plain words. Asked most when the supervisor is dead, so it does without one.

import { join } from 'node:path'
import { ResilError } from '../../errors.ts'
import { adviceFor } from '../../incidents/advice.ts'
import type { Incident } from '../../incidents/incident.ts'
import { isIncidentId } from '../../incidents/incident-id.ts'
import { selectNewest } from '../../incidents/select.ts'
import { choosePaint } from '../../process/output/colour.ts'
import { askOrRead, type StateOption, stateOption } from '../ask-or-read.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { countOf, type SocketOption, socketOption } from '../options.ts'
import { renderIncident } from '../render/incident.ts'
import { appOf } from '../with-supervisor.ts'

interface WhyOptions extends SocketOption, StateOption {
  readonly json?: boolean
  readonly lines?: string
}

const DEFAULT_WIDTH = 80
const DEFAULT_LINES = 20

export const whyCommand: CommandSpec<WhyOptions> = {
  name: 'why',
  summary: 'tell what happened, what resil saw and did, and what to do next',
  argument: {
    name: 'id',
    required: false,
    summary: 'an incident, or an app for its newest one; left out: what goes on now, else what happened last',
  },
  options: [
    {
      flags: '-n, --lines <count>',
      summary: `how many of the worker's last lines to show (default: ${DEFAULT_LINES})`,
    },
    { flags: '--json', summary: 'print one JSON document: { incident, runbook, next }' },
    stateOption,
    socketOption,
  ],
  note: 'Without a running supervisor it reads what the last one left on the disk.',
  examples: [
    ['resil why', 'what goes on now, or what happened last'],
    ['resil why 1sb5j1', 'one incident'],
    ['resil why web --json', "web's newest, with all its samples and lines"],
  ],
  run: why,
}

async function why(target: string | undefined, options: WhyOptions, context: CliContext): Promise<number> {
  const { clock, env, stdout } = context
  const lines = options.lines === undefined ? DEFAULT_LINES : countOf('--lines', options.lines)
  const isId = target !== undefined && isIncidentId(target)
  const incident = await askOrRead(
    context,
    { ...options, target },
    {
      ask: async (supervisor) => {
        const named = isId && !supervisor.info.apps.includes(target)
        const wanted = named ? { id: target } : { app: appOf(supervisor, target) }
        return (await supervisor.client.request('why', wanted)).incident
      },
      read: async (stored) => {
        if (isId && !stored.apps.includes(target)) return notNull(await stored.get(target), target)
        const newest = selectNewest(await stored.list(), stored.apps.includes(target ?? '') ? target : undefined)
        return newest === null ? null : stored.get(newest.id)
      },
    },
  )
  const runbook = incident === null ? null : join(context.docs, 'runbooks', `${incident.kind}.md`)
  if (options.json) {
    const next = incident === null ? [] : adviceFor(incident)
    stdout.write(`${JSON.stringify({ incident, runbook, next }, null, 2)}\n`)
  } else if (incident === null || runbook === null) {
    stdout.write('nothing has gone wrong: no incident is recorded\n')
  } else {
    const paint = choosePaint(stdout.isTTY === true, env)
    const width = stdout.columns || DEFAULT_WIDTH
    stdout.write(renderIncident(incident, { width, paint, now: clock.wallNow(), lines, runbook }))
  }
  return 0
}

function notNull(incident: Incident | null, id: string): Incident {
  if (incident !== null) return incident
  throw new ResilError('RESIL_UNKNOWN_TARGET', `there is no incident "${id}": \`resil incidents\` lists what is kept`)
}
