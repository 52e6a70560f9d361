// `resil why`: one incident in plain words. Asked most when the supervisor is dead, so it does without one.

import { join } from 'node:path'
import type { FoundSupervisor } from '../../control/find.ts'
import { ResilError } from '../../errors.ts'
import { slotName } from '../../events/words.ts'
import { adviceFor } from '../../incidents/advice.ts'
import type { Incident } from '../../incidents/incident.ts'
import { isIncidentId } from '../../incidents/incident-id.ts'
import { selectLast } from '../../incidents/select.ts'
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
  let isStored = false
  let suspects: readonly string[] = []
  const incident = await askOrRead(
    context,
    { ...options, target },
    {
      ask: async (supervisor) => {
        const named = isId && !supervisor.info.apps.includes(target)
        const wanted = named ? { id: target } : { app: appOf(supervisor, target) }
        const { incident } = await supervisor.client.request('why', wanted)
        if (!named && incident?.state !== 'open') suspects = await suspectsOf(supervisor, wanted.app)
        return incident
      },
      read: async (stored) => {
        isStored = true
        if (isId && !stored.apps.includes(target)) return notNull(await stored.get(target), target)
        const newest = selectLast(await stored.list(), stored.apps.includes(target ?? '') ? target : undefined)
        return newest === null ? null : stored.get(newest.id)
      },
    },
  )
  const runbook = incident === null ? null : join(context.docs, 'runbooks', `${incident.kind}.md`)
  if (options.json) {
    const next = incident === null ? [] : adviceFor(incident)
    stdout.write(`${JSON.stringify({ incident, runbook, next }, null, 2)}\n`)
    return 0
  }
  for (const line of suspects) stdout.write(`${line}\n`)
  if (incident === null || runbook === null) {
    if (suspects.length === 0) stdout.write('nothing has gone wrong: no incident is recorded\n')
  } else {
    if (suspects.length > 0) stdout.write('\nbefore that:\n')
    const paint = choosePaint(stdout.isTTY === true, env)
    const width = stdout.columns || DEFAULT_WIDTH
    stdout.write(renderIncident(incident, { width, paint, now: clock.wallNow(), lines, runbook, isStored }))
  }
  return 0
}

/** They are no incident before their time is up, and are what somebody who asks has seen. */
async function suspectsOf({ client }: FoundSupervisor, app: string | undefined): Promise<readonly string[]> {
  const { apps } = await client.request('status', { app })
  return apps.flatMap(({ name, workers }) =>
    workers
      .filter(({ state }) => state === 'suspect')
      .map(({ slot, pid }) => {
        const who = slotName(name, slot)
        return `right now: ${who} (pid ${pid}) is not heard of, its event loop does not turn\n  resil diagnose ${who}   where it stands`
      }),
  )
}

function notNull(incident: Incident | null, id: string): Incident {
  if (incident !== null) return incident
  throw new ResilError('RESIL_UNKNOWN_TARGET', `there is no incident "${id}": \`resil incidents\` lists what is kept`)
}
