// Pure: samples in the Prometheus text format, 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).

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

/** Families in the order of the table; one without samples is left out. */
export function toText(samples: readonly Sample[]): string {
  const lines: string[] = []
  for (const [name, { help, type }] of Object.entries<MetricDefinition>(METRICS)) {
    const own = samples.filter((sample) => sample.name === name)
    if (own.length === 0) continue
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
    for (const { labels, value } of own) {
      if (typeof value === 'number') lines.push(line(name, labels, value))
      else lines.push(...histogramLines(name, labels, value))
    }
  }
  return lines.map((text) => `${text}\n`).join('')
}

function histogramLines(name: string, labels: Sample['labels'], { bounds, counts, sum }: HistogramValue): string[] {
  let total = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += counts[index] ?? 0
    return line(`${name}_bucket`, { ...labels, le: numberText(bound) }, total)
  })
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)]
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
