// The status document as a person reads it: a line for the supervisor, a table per app (status-table.ts), and a sentence under each
// worker that has something to tell. Pure.

import { exitWords } from '../../events/describe-exit.ts'
import { count, duration, list, slotName } from '../../events/words.ts'
import { GREY, RED, YELLOW } from '../../process/output/colour.ts'
import type { AppStatus, StatusDocument, WorkerStatus } from '../../protocol/status.ts'
import { GREEN, INDENT, isOutOfRotation, type StatusStyle, workerTable } from './status-table.ts'
import { flow, wrap } from './text.ts'
import { shortDuration, shortPercent, shortSize } from './units.ts'

export function renderStatus(document: StatusDocument, style: StatusStyle): string {
  const lines = [...supervisorLines(document.supervisor, style), ...connectionLines(document.supervisor, style)]
  for (const app of document.apps) lines.push('', ...appLines(app, style))
  lines.push(...incidentLines(document.incidents, style))
  return `${lines.join('\n')}\n`
}

function supervisorLines(
  { name, pid, state, uptimeMs, version, node, cpu, rss }: StatusDocument['supervisor'],
  { width }: StatusStyle,
): string[] {
  const parts = [`${name} (pid ${pid})`, `up ${shortDuration(uptimeMs)}`, `resil ${version}`, `Node ${node}`]
  if (rss !== null) parts.push(shortSize(rss))
  if (cpu !== null) parts.push(shortPercent(cpu))
  if (state === 'stopping') parts.push('stopping')
  return flow(parts, width, INDENT)
}

function connectionLines({ connections }: StatusDocument['supervisor'], style: StatusStyle): string[] {
  return [...crashLines(connections, style), ...cureLines(connections, style)]
}

/** What this Node lacks. */
function cureLines({ cures }: StatusDocument['supervisor']['connections'], style: StatusStyle): string[] {
  const names = {
    rescue: 'rescue',
    holdTheDoor: 'holding the door',
    handOff: 'hand-off to one worker',
    appPorts: 'ports of one app',
  }
  return (Object.keys(names) as (keyof typeof names)[])
    .filter((cure) => cures[cure] !== 'on')
    .flatMap((cure) => wrap(`${names[cure]} is ${cures[cure]}`, style.width, INDENT))
}

/** Said only where a crash has touched connections. */
function crashLines(connections: StatusDocument['supervisor']['connections'], style: StatusStyle): string[] {
  const { held, rescued, dropped, waiting } = connections
  if (held + rescued + dropped === 0) return []
  const parts = [`${count(held, 'connection')} waited for a worker`, `${rescued} taken back and given to another one`]
  if (waiting > 0) parts.push(`${waiting} waiting now`)
  if (dropped > 0) parts.push(`${dropped} given up`)
  return wrap(parts.join(', '), style.width, INDENT)
}

/** Said only while something goes on, or can't be kept. */
function incidentLines({ open, kept }: StatusDocument['incidents'], { paint }: StatusStyle): string[] {
  const lines = open === 0 ? [] : [paint(`${count(open, 'open incident')}: resil why`, RED)]
  if (kept === 'memory') lines.push(paint("incidents are kept in memory only: stateDir can't be written", YELLOW))
  return lines.length === 0 ? [] : ['', ...lines]
}

function appLines(app: AppStatus, style: StatusStyle): string[] {
  const parts = [
    style.paint(app.state, colourOfApp(app)),
    `${app.ready} of ${app.instances} ready`,
    `generation ${app.generation}`,
  ]
  if (app.standby.wanted > 0) parts.push(standbyPart(app.standby))
  if (app.schedule !== 'round-robin') parts.push(app.schedule)
  if (app.ports.length > 0) parts.push(`${app.ports.length === 1 ? 'port' : 'ports'} ${list(app.ports.map(String))}`)
  if (app.restarts > 0) parts.push(count(app.restarts, 'restart'))
  const [state = '', ...others] = parts
  const lines = flow([`${app.name}: ${state}`, ...others], style.width, INDENT)
  if (app.gate !== 'closed') lines.push(...wrap(gateNote(app), style.width, INDENT))
  if (app.schedule !== 'round-robin') lines.push(...wrap(TRADES[app.schedule], style.width, INDENT))
  for (const note of strategyNotes(app)) lines.push(...wrap(note, style.width, INDENT))
  if (app.workers.length === 0) return lines
  const [head = '', ...rows] = workerTable(app.workers, style)
  lines.push(style.paint(head, GREY))
  for (const [index, worker] of app.workers.entries()) {
    lines.push(rows[index] ?? '')
    for (const note of [sicknessOf(app.name, worker), noteOn(worker, style.now)]) {
      if (note !== null) lines.push(...wrap(note, style.width, `${INDENT}      `))
    }
  }
  return lines
}

/** What each keeps of round robin's guarantees, and what it gives for it. */
const TRADES = {
  sticky: 'sticky: a client address stays with its slot, so clients behind one proxy share a worker',
  shared:
    'shared: workers accept for themselves; a reload or crash loses no more than by round robin, load may be uneven, no worker can be taken out of rotation',
  'reuse-port':
    'reuse-port: the kernel chooses the worker; a reload or crash loses no more than by round robin, a busy worker gets connections too, none can be taken out of rotation',
} as const

function standbyPart({ standing, wanted, refused }: AppStatus['standby']): string {
  if (refused !== null) return `no standbys (the app ${refused.replace('-', ' ')})`
  return standing === wanted ? `${standing} standing by` : `${standing} of ${wanted} standing by`
}

/** Only of those that hold calls back, or might. */
function strategyNotes({ breakers, bulkheads }: AppStatus): string[] {
  const open = breakers
    .filter(({ state }) => state !== 'closed')
    .map(({ name, state, openIn, workers, rejected }) => {
      const where = openIn > 0 && workers > 1 ? ` in ${openIn} of ${workers} workers` : ''
      return `circuit breaker ${JSON.stringify(name)} is ${state}${where}: ${count(rejected, 'call')} not let through`
    })
  const full = bulkheads
    .filter(({ fullIn }) => fullIn > 0)
    .map(({ name, fullIn, workers, queued, rejected }) => {
      const where = workers > 1 ? ` in ${fullIn} of ${workers} workers` : ''
      return `bulkhead ${JSON.stringify(name)} is full${where}: ${queued} waiting, ${count(rejected, 'call')} not let through`
    })
  return [...open, ...full]
}

function gateNote({ gate }: AppStatus): string {
  return gate === 'open'
    ? 'too many crashes: restarts wait behind a gate, and one worker at a time is tried'
    : 'too many crashes: one worker is being tried, and opens the way for the others if it stays up'
}

/** What the watchdogs hold against it, and what becomes of it. */
function sicknessOf(app: string, worker: WorkerStatus): string | null {
  const { slot, state, limits, due } = worker
  const parts = [
    ...(state === 'suspect' ? [`its event loop does not turn: resil diagnose ${slotName(app, slot)}`] : []),
    ...(isOutOfRotation(worker) ? ['fails its readiness probe and gets no new connections'] : []),
    ...(limits.length > 0 ? [`over its limit for ${list(limits.map(limitName))}`] : []),
    ...(due === null ? [] : [`to be replaced (${due})`]),
  ]
  return parts.length === 0 ? null : parts.join('; ')
}

function limitName(limit: WorkerStatus['limits'][number]): string {
  switch (limit) {
    case 'memory':
      return 'memory'
    case 'cpu':
      return 'CPU'
    case 'event-loop':
      return 'its event loop'
    case 'descriptors':
      return 'file descriptors'
  }
}

/** How the worker before this one ended, unless somebody wanted it to. */
function noteOn({ lastExit, pid }: WorkerStatus, now: number): string | null {
  if (lastExit === null || lastExit.kind === 'planned') return null
  const who = pid === null ? 'the last worker' : 'the worker before'
  return `${who} ${exitWords(lastExit)}, ${duration(Math.max(0, now - lastExit.atMs))} ago`
}

function colourOfApp({ state }: AppStatus): number {
  switch (state) {
    case 'running':
      return GREEN
    case 'failed':
      return RED
    case 'ended':
    case 'stopped':
      return GREY
    default:
      return YELLOW
  }
}
