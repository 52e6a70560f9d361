// A strict reader of the Prometheus text format 0.0.4: what it does not understand, or what the format forbids, throws.

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly series: readonly Series[]
}

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const HELP = new RegExp(`^# HELP (${NAME}) (\\S.*)$`)
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.+)\\})? (\\S+)$`)
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y
const VALUE = /^([+-]?\d+(\.\d+)?([eE][+-]?\d+)?|[+-]Inf|NaN)$/

export function parseMetrics(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, { type: Family['type']; help: string; series: Series[] }>()
  let current: string | null = null
  let help: readonly [name: string, text: string] | null = null
  const seen = new Set<string>()
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helpName, helpText] = HELP.exec(line) ?? []
    const [, typeName, type] = TYPE.exec(line) ?? []
    if (helpName !== undefined && helpText !== undefined) {
      if (families.has(helpName)) throw new Error(`${helpName} has its HELP twice`)
      help = [helpName, helpText]
    } else if (typeName !== undefined) {
      if (help?.[0] !== typeName) throw new Error(`TYPE of ${typeName} does not follow its HELP`)
      families.set(typeName, { type: type as Family['type'], help: help[1], series: [] })
      current = typeName
    } else {
      const series = parseSample(line)
      const family = current === null ? undefined : families.get(current)
      if (family === undefined || current === null || !belongs(series.name, current, family.type)) {
        throw new Error(`${series.name} is outside of its family`)
      }
      const key = JSON.stringify([series.name, Object.entries(series.labels).sort()])
      if (seen.has(key)) throw new Error(`${line}: the series is there twice`)
      seen.add(key)
      family.series.push(series)
    }
  }
  for (const [name, family] of families) check(name, family)
  return families
}

/** Of one series; throws where it is not there. */
export function metric(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  const same = (series: Series): boolean =>
    series.name === name &&
    JSON.stringify(Object.entries(series.labels).sort()) === JSON.stringify(Object.entries(labels).sort())
  const found = family?.series.find(same)
  if (found === undefined) throw new Error(`there is no ${name} ${JSON.stringify(labels)}`)
  return found.value
}

function parseSample(line: string): Series {
  const [, name, labelText, value] = SAMPLE.exec(line) ?? []
  if (name === undefined || value === undefined || !VALUE.test(value)) throw new Error(`not a sample: ${line}`)
  return { name, labels: parseLabels(labelText ?? '', line), value: Number(value.replace('Inf', 'Infinity')) }
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < text.length) {
    const [, label, value, end] = PAIR.exec(text) ?? []
    if (label === undefined || value === undefined) throw new Error(`bad labels: ${line}`)
    if (end === ',' && PAIR.lastIndex === text.length) throw new Error(`a comma too many: ${line}`)
    if (label in labels) throw new Error(`a label is there twice: ${line}`)
    labels[label] = value.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
  }
  return labels
}

function belongs(sample: string, family: string, type: Family['type']): boolean {
  if (type !== 'histogram') return sample === family
  return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(sample)
}

function check(name: string, { type, series }: Family): void {
  if (series.length === 0) throw new Error(`${name} has no samples`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name}: a counter ends in _total`)
  for (const { value } of series) {
    if (type !== 'gauge' && !(value >= 0)) throw new Error(`${name}: ${value} is no count`)
  }
  if (type === 'histogram') checkHistogram(name, series)
}

function checkHistogram(name: string, series: readonly Series[]): void {
  const groups = new Map<string, Series[]>()
  for (const one of series) {
    const { le: _, ...rest } = one.labels
    const key = JSON.stringify(Object.entries(rest).sort())
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  for (const group of groups.values()) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number((labels.le ?? 'NaN').replace('Inf', 'Infinity')))
    const counts = buckets.map(({ value }) => value)
    const count = group.find((one) => one.name === `${name}_count`)?.value
    if (!group.some((one) => one.name === `${name}_sum`)) throw new Error(`${name} has no _sum`)
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: the last bucket is not +Inf`)
    if (counts.at(-1) !== count) throw new Error(`${name}: _count is not the +Inf bucket`)
    for (let i = 1; i < buckets.length; i += 1) {
      if (!((bounds[i] ?? 0) > (bounds[i - 1] ?? 0))) throw new Error(`${name}: bounds do not ascend`)
      if ((counts[i] ?? 0) < (counts[i - 1] ?? 0)) throw new Error(`${name}: buckets are not cumulative`)
    }
  }
}
