// Pure: samples as text, in the format of Prometheus (0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/) or of
// OpenMetrics (1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/), which differ in names of counters, escapes and an end.

import { METRICS, type MetricDefinition, type MetricName } from './definitions.ts'

export interface HistogramValue {
  /** Upper bounds without the last, infinite one. */
  readonly bounds: readonly number[]
  /** Not cumulative; one more than bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | HistogramValue
}

export type TextFormat = 'prometheus' | 'openmetrics'

/** Of an Accept header: OpenMetrics where it is named and not less wanted than plain text, as Prometheus does. */
export function formatFor(accept: string): TextFormat {
  const wanted = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const value = (name: string): string | undefined =>
      parameters.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
    return { type, version: value('version') ?? '1.0.0', weight: Number(value('q') ?? 1) }
  })
  const best = (accepts: (each: (typeof wanted)[number]) => boolean): number =>
    Math.max(0, ...wanted.filter(accepts).map(({ weight }) => weight))
  const open = best(({ type, version }) => type === 'application/openmetrics-text' && version.startsWith('1.'))
  const plain = best(({ type }) => type === 'text/plain')
  return open > 0 && open >= plain ? 'openmetrics' : 'prometheus'
}

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4',
  openmetrics: 'application/openmetrics-text; version=1.0.0',
}

/** Families in the order of the table; one without samples is left out. */
export function toText(samples: readonly Sample[], format: TextFormat = 'prometheus'): string {
  const open = format === 'openmetrics'
  const lines: string[] = []
  for (const [name, { help, type }] of Object.entries<MetricDefinition>(METRICS)) {
    const own = samples.filter((sample) => sample.name === name)
    if (own.length === 0) continue
    const family = open && type === 'counter' ? name.replace(/_total$/, '') : name
    lines.push(`# HELP ${family} ${open ? escaped(help) : escapedInLine(help)}`, `# TYPE ${family} ${type}`)
    for (const { labels, value } of own) {
      if (typeof value === 'number') lines.push(line(name, labels, value))
      else lines.push(...histogramLines(name, labels, value))
    }
  }
  if (open) lines.push('# EOF')
  return lines.map((text) => `${text}\n`).join('')
}

function histogramLines(name: string, labels: Sample['labels'], { bounds, counts, sum }: HistogramValue): string[] {
  let total = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += counts[index] ?? 0
    return line(`${name}_bucket`, { ...labels, le: boundText(bound) }, total)
  })
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)]
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

function escaped(text: string): string {
  return escapedInLine(text).replaceAll('"', '\\"')
}

function escapedInLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** The same in both formats, so that a series stays the same whichever is asked for: OpenMetrics writes 1 as 1.0. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : numberText(bound)
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
