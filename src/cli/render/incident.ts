// One incident as a person reads it at night, on whatever screen is at hand: what happened, since when, what resil saw and did,
// and what to do next. Pure.

import { amount, evidenceWords, frameWords } from '../../events/describe-watchdog.ts'
import type { Evidence } from '../../events/evidence.ts'
import { count, duration, size } from '../../events/words.ts'
import { adviceFor } from '../../incidents/advice.ts'
import type { Incident, Samples } from '../../incidents/incident.ts'
import { GREY, type Paint, RED, YELLOW } from '../../process/output/colour.ts'
import { sparkline } from './sparkline.ts'
import { columns, wrap } from './text.ts'

export interface IncidentStyle {
  readonly width: number
  readonly paint: Paint
  /** Wall milliseconds. */
  readonly now: number
  /** How many of its last lines. */
  readonly lines: number
  /** Path of its runbook. */
  readonly runbook: string
  /** Read off the disk: nobody runs in whom it could go on. */
  readonly isStored?: boolean
}

const GREEN = 32
const INDENT = '  '
const MOST_FRAMES = 6
/** What is shorter has no length for a person. */
const MOMENT_MS = 100
const MOST_TIMELINE = 12
const WIDEST_GRAPH = 30
/** Narrower screens have no room for a third number. */
const WITH_MOST = 60

export function renderIncident(incident: Incident, style: IncidentStyle): string {
  const { width, paint } = style
  const sections: (readonly [title: string, lines: readonly string[]])[] = [
    ['What happened', whatHappened(incident, width)],
    ['Since when', wrap(sinceWhen(incident, style.now), width, INDENT)],
    ['What resil saw', whatResilSaw(incident, style)],
    ['The last it said', lastWords(incident, style)],
    ['What resil did', wrap(`${incident.decision.did}: ${incident.decision.why}`, width, INDENT)],
    ['What to do next', whatNext(incident, width)],
    ['Runbook', [`${INDENT}${style.runbook}`]],
  ]
  const shown = sections.filter(([, lines]) => lines.length > 0)
  const body = shown.flatMap(([title, lines]) => ['', paint(title, GREY), ...lines])
  return `${[...wrap(headline(incident, style), width, '').map((line) => paint(line, colourOf(incident))), ...body].join('\n')}\n`
}

function headline({ id, kind, app, state }: Incident, { isStored = false }: IncidentStyle): string {
  const what = app === null ? kind : `${kind} of ${app}`
  const open = isStored ? 'which was not over when resil ended' : 'which goes on'
  return `${what}: incident ${id}, ${state === 'open' ? open : 'which is over'}`
}

function colourOf({ state }: Incident): number {
  return state === 'open' ? RED : GREEN
}

function whatHappened({ summary, hint }: Incident, width: number): string[] {
  return [summary, ...(hint === null ? [] : [hint])].flatMap((text) => wrap(plain(text), width, INDENT))
}

function sinceWhen({ begunAt, updatedAt, endedAt, failures, state }: Incident, now: number): string {
  const ago = (at: number): string => `${duration(Math.max(0, now - at))} ago`
  const often = failures > 1 ? `, ${count(failures, 'failure')} in all` : ''
  const end =
    state === 'open' || endedAt === null
      ? `, the last news ${ago(updatedAt)}`
      : endedAt - begunAt < MOMENT_MS
        ? ', over at once'
        : `, over ${ago(endedAt)}: it lasted ${duration(endedAt - begunAt)}`
  return `${timeOf(begunAt)} (${ago(begunAt)})${often}${end}`
}

function timeOf(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}

function whatResilSaw(incident: Incident, style: IncidentStyle): string[] {
  const { timeline, omitted } = incident
  const from = Math.max(0, timeline.length - MOST_TIMELINE)
  const left = omitted + from
  const events = timeline.slice(from).flatMap(({ at, text }) => {
    const [first = '', ...rest] = wrap(plain(text), style.width, `${INDENT}           `)
    return [`${INDENT}${style.paint(timeOf(at).slice(11, 19), GREY)}   ${first.trimStart()}`, ...rest]
  })
  return [
    ...(left === 0 ? [] : [`${INDENT}${style.paint(`(${count(left, 'earlier event')})`, GREY)}`]),
    ...events,
    ...graphs(incident.samples, style),
    ...incident.evidence.flatMap(({ evidence }) => evidenceLines(evidence, style)),
  ]
}

interface Graph {
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly say: (value: number) => string
}

/** How each measure went in the minute before. */
function graphs(samples: Samples | null, { width }: IncidentStyle): string[] {
  if (samples === null) return []
  const all: readonly Graph[] = [
    { name: 'memory', values: samples.rss, say: size },
    { name: 'heap', values: samples.heapUsed, say: size },
    {
      name: 'CPU',
      values: samples.cpu.map((cpu) => (cpu === null ? null : cpu / 100)),
      say: (n) => amount(n, 'ratio'),
    },
    { name: 'loop delay', values: samples.delayP99Ms, say: (n) => duration(n) },
    { name: 'loop busy', values: samples.utilization, say: (n) => amount(n, 'ratio') },
    { name: 'connections', values: samples.connections, say: String },
    { name: 'requests/s', values: rates(samples), say: (n) => String(Math.round(n)) },
  ]
  const known = all.filter(({ values }) => values.some((value) => value !== null))
  const most = (numbers: readonly number[], say: Graph['say']): string =>
    width < WITH_MOST ? '' : `, at most ${say(Math.max(...numbers))}`
  const graphWidth = Math.max(8, Math.min(WIDEST_GRAPH, width - 45))
  const rows = known.map(({ name, values, say }) => {
    const numbers = values.filter((value) => value !== null)
    const [first = 0, last = 0] = [numbers[0], numbers.at(-1)]
    return [
      { text: INDENT + name },
      { text: sparkline(values, graphWidth) },
      { text: numbers.length === 1 ? say(last) : `${say(first)} → ${say(last)}${most(numbers, say)}` },
    ]
  })
  return columns(rows, ['left', 'left', 'left'])
}

function rates({ at, requests }: Samples): (number | null)[] {
  return requests.map((total, index) => {
    const before = requests[index - 1]
    const ms = (at[index] ?? 0) - (at[index - 1] ?? 0)
    return total === null || before == null || ms <= 0 ? null : Math.max(0, ((total - before) / ms) * 1000)
  })
}

function evidenceLines(evidence: Evidence, { width }: IncidentStyle): string[] {
  const more = `${INDENT}${INDENT}`
  return [
    ...wrap(plain(evidenceWords(evidence)), width, INDENT),
    ...framesOf(evidence)
      .slice(0, MOST_FRAMES)
      .flatMap((frame) => wrap(plain(frame), width, more)),
  ]
}

function framesOf(evidence: Evidence): readonly string[] {
  switch (evidence.kind) {
    case 'stack':
      return evidence.frames.map(frameWords)
    case 'cpu-profile':
      return evidence.top.map((one) => `${amount(one.selfRatio, 'ratio')} ${frameWords(one)}`)
    case 'report':
      return evidence.stack ?? []
    default:
      return []
  }
}

function lastWords({ lines }: Incident, { lines: most, paint }: IncidentStyle): string[] {
  const shown = most === 0 ? [] : lines.slice(-most)
  const left = lines.length - shown.length
  return [
    ...(left === 0 || shown.length === 0 ? [] : [`${INDENT}${paint(`(${count(left, 'earlier line')})`, GREY)}`]),
    ...shown.map(({ text, stream }) => `${INDENT}${stream === 'stderr' ? paint(plain(text), YELLOW) : plain(text)}`),
  ]
}

function whatNext(incident: Incident, width: number): string[] {
  const rows = adviceFor(incident)
  const widest = Math.max(...rows.map(({ command }) => command.length))
  return rows.flatMap(({ command, why }) =>
    INDENT.length + widest + 3 + why.length <= width
      ? [`${INDENT}${command.padEnd(widest)}   ${why}`]
      : [`${INDENT}${command}`, ...wrap(why, width, `${INDENT}${INDENT}`)],
  )
}

/** An app's words may move the cursor or ring the bell; here they are only shown. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
}
