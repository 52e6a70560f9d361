// Incidents as a list, newest first: a row each, and a line of what it was. Pure.

import { duration } from '../../events/words.ts'
import type { IncidentSummary } from '../../incidents/incident.ts'
import { GREY, type Paint, RED } from '../../process/output/colour.ts'
import { columns, wrap } from './text.ts'
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
  const rows = incidents.map((one) => [
    { text: one.id },
    { text: one.kind },
    { text: one.app === null ? '-' : one.slots.length === 1 ? `${one.app}:${one.slots[0]}` : one.app },
    { text: one.state, paint: (text: string) => paint(text, one.state === 'open' ? RED : GREEN) },
    { text: `${shortDuration(Math.max(0, now - one.begunAt))} ago` },
    { text: lasted(one, now) },
    { text: one.failures > 1 ? `${one.failures}x` : '' },
  ])
  const head = ['ID', 'KIND', 'WHO', 'STATE', 'BEGAN', 'LASTED', ''].map((text) => ({ text }))
  const [title = '', ...lines] = columns([head, ...rows], ['left', 'left', 'left', 'left', 'right', 'right', 'left'])
  const body = incidents.flatMap((one, index) => [
    (lines[index] ?? '').trimEnd(),
    ...wrap(one.hint ?? one.summary, width, '        ').map((line) => paint(line, GREY)),
  ])
  return `${[paint(title.trimEnd(), GREY), ...body].join('\n')}\n`
}

function lasted({ state, begunAt, endedAt }: IncidentSummary, now: number): string {
  if (state === 'open' || endedAt === null) return `${shortDuration(Math.max(0, now - begunAt))} so far`
  return duration(Math.max(0, endedAt - begunAt))
}
