// Incidents as a list, newest first: a row each, and a line of what it was. Pure.

import { duration } from '../../events/words.ts'
import type { IncidentSummary } from '../../incidents/incident.ts'
import { GREY, type Paint, RED } from '../../process/output/colour.ts'
import { type Cell, columns, wrap } from './text.ts'
import { shortDuration } from './units.ts'

export interface IncidentsStyle {
  readonly width: number
  readonly paint: Paint
  /** Wall milliseconds. */
  readonly now: number
}

const GREEN = 32

export function renderIncidents(incidents: readonly IncidentSummary[], style: IncidentsStyle): string {
  if (incidents.length === 0) return 'no incidents are recorded\n'
  const { paint, now, width } = style
  const rows = incidents.map((one) => ({
    ID: { text: one.id },
    KIND: { text: one.kind },
    WHO: { text: one.app === null ? '-' : one.slots.length === 1 ? `${one.app}:${one.slots[0]}` : one.app },
    STATE: { text: one.state, paint: (text: string) => paint(text, one.state === 'open' ? RED : GREEN) },
    BEGAN: { text: `${shortDuration(Math.max(0, now - one.begunAt))} ago` },
    LASTED: { text: lasted(one, now) },
    '': { text: one.failures > 1 ? `${one.failures}x` : '' },
  }))
  const [title = '', ...lines] = table(rows, width)
  const body = incidents.flatMap((one, index) => [
    (lines[index] ?? '').trimEnd(),
    ...wrap(one.hint ?? one.summary, width, '        ').map((line) => paint(line, GREY)),
  ])
  return `${[paint(title.trimEnd(), GREY), ...body].join('\n')}\n`
}

type Row = Readonly<Record<keyof typeof ALIGN, Cell>>

/** Left to right. */
const ALIGN = {
  ID: 'left',
  KIND: 'left',
  WHO: 'left',
  STATE: 'left',
  BEGAN: 'right',
  LASTED: 'right',
  '': 'left',
} as const
/** What a narrow screen does without, the most dispensable first. */
const DISPENSABLE: readonly (keyof Row)[] = ['LASTED', '', 'WHO', 'BEGAN']

function table(rows: readonly Row[], width: number): string[] {
  const names = Object.keys(ALIGN) as (keyof Row)[]
  for (let without = 0; ; without += 1) {
    const left = names.filter((name) => !DISPENSABLE.slice(0, without).includes(name))
    const heads = left.map((text) => ({ text }))
    const lengths = left.map((name) => Math.max(name.length, ...rows.map((row) => row[name].text.length)))
    const fits = lengths.reduce((sum, length) => sum + length + 2, -2) <= width
    if (fits || without === DISPENSABLE.length)
      return columns(
        [heads, ...rows.map((row) => left.map((name) => row[name]))],
        left.map((name) => ALIGN[name]),
      )
  }
}

function lasted({ state, begunAt, endedAt }: IncidentSummary, now: number): string {
  if (state === 'open' || endedAt === null) return `${shortDuration(Math.max(0, now - begunAt))} so far`
  return duration(Math.max(0, endedAt - begunAt))
}
