// What goes out is what Prometheus reads: checked against a strict reader, and that reader against what must not pass.

import { describe, expect, it } from 'vitest'
import { METRICS, type MetricDefinition } from '../../src/metrics/definitions.ts'
import { formatFor, toText } from '../../src/metrics/text-format.ts'
import { metric, parseMetrics } from '../support/prometheus.ts'

describe('the text', () => {
  it('carries any name and value there and back', () => {
    const app = 'a "quoted"\\ name\nof two lines {}, =1'
    const families = parseMetrics(
      toText([
        { name: 'resil_app_instances', labels: { app }, value: 3 },
        { name: 'resil_app_instances', labels: { app: 'web' }, value: 1e21 },
        { name: 'process_cpu_seconds_total', labels: {}, value: 1e-7 },
      ]),
    )
    expect(metric(families, 'resil_app_instances', { app })).toBe(3)
    expect(metric(families, 'resil_app_instances', { app: 'web' })).toBe(1e21)
    expect(metric(families, 'process_cpu_seconds_total')).toBe(1e-7)
  })

  it('has a family together, once, in the order of the table, and none that has nothing to say', () => {
    const text = toText([
      { name: 'resil_worker_up', labels: { app: 'web', slot: '0' }, value: 1 },
      { name: 'resil_app_instances', labels: { app: 'web' }, value: 2 },
      { name: 'resil_worker_up', labels: { app: 'web', slot: '1' }, value: 0 },
    ])
    expect([...parseMetrics(text).keys()]).toEqual(['resil_app_instances', 'resil_worker_up'])
  })

  it('has cumulative buckets that end in +Inf', () => {
    const value = { bounds: [0.1, 1], counts: [2, 0, 3], sum: 7.5 }
    const name = 'http_server_request_duration_seconds'
    const families = parseMetrics(toText([{ name, labels: { app: 'web' }, value }]))
    const bucket = (le: string): number => metric(families, `${name}_bucket`, { app: 'web', le })
    expect([bucket('0.1'), bucket('1.0'), bucket('+Inf')]).toEqual([2, 2, 5])
    expect(metric(families, `${name}_sum`, { app: 'web' })).toBe(7.5)
    expect(metric(families, `${name}_count`, { app: 'web' })).toBe(5)
  })

  it('is empty where there is nothing', () => {
    expect(toText([])).toBe('')
  })
})

describe('OpenMetrics', () => {
  it('names families of counters without _total, escapes quotes in their help, and has an end', () => {
    const samples = [
      { name: 'resil_info', labels: { name: 'a"b', version: '1', node: 'v20' }, value: 1 },
      { name: 'resil_worker_starts_total', labels: { app: 'web' }, value: 3 },
    ] as const
    const [, , info, help, type, starts, ...end] = toText(samples, 'openmetrics').split('\n')
    expect(info).toBe('resil_info{name="a\\"b",version="1",node="v20"} 1')
    expect(help).toMatch(/^# HELP resil_worker_starts \S/)
    expect([type, starts, ...end]).toEqual([
      '# TYPE resil_worker_starts counter',
      'resil_worker_starts_total{app="web"} 3',
      '# EOF',
      '',
    ])
  })

  it('of nothing has an end, too', () => expect(toText([], 'openmetrics')).toBe('# EOF\n'))

  it.each([
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/plain', 'prometheus'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5', 'prometheus'],
    ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1', 'prometheus'],
    // Prometheus 2 and 3, by default.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
  ])('for Accept: %s it is %s', (accept, format) => expect(formatFor(accept)).toBe(format))
})

describe('the strict reader', () => {
  const head = '# HELP a_total Words.\n# TYPE a_total counter\n'
  const histogram = '# HELP h Words.\n# TYPE h histogram\n'
  it.each([
    ['no end of line', `${head}a_total 1`],
    ['no TYPE', '# HELP a_total Words.\na_total 1\n'],
    ['a name that is none', `${head}a-total 1\n`],
    ['a foreign series', `${head}b_total 1\n`],
    ['a series twice', `${head}a_total{x="1"} 1\na_total{x="1"} 2\n`],
    ['a label twice', `${head}a_total{x="1",x="2"} 1\n`],
    ['a quote in a label', `${head}a_total{x="""} 1\n`],
    ['a comma too many', `${head}a_total{x="1",} 1\n`],
    ['empty braces', `${head}a_total{} 1\n`],
    ['a word for a number', `${head}a_total undefined\n`],
    ['a negative count', `${head}a_total -1\n`],
    ['a family twice', `${head}a_total 1\n${head}a_total{x="1"} 1\n`],
    ['an empty family', head],
    ['a counter without _total', '# HELP a Words.\n# TYPE a counter\na 1\n'],
    ['buckets that fall', `${histogram}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`],
    ['a count of its own', `${histogram}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n`],
    ['no last bucket', `${histogram}h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseMetrics(text)).toThrow()
  })
})

describe('the table of metrics', () => {
  const all = Object.entries<MetricDefinition>(METRICS)

  it.each(all)('%s keeps to the rules of names', (name, { type, help, labels, openTelemetry }) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(help).toMatch(/^[A-Z0-9].*\.$/)
    expect(new Set(labels).size).toBe(labels.length)
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z_]*$/)
    // https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/: dots become underscores, the unit follows.
    if (openTelemetry !== undefined) expect(name.startsWith(openTelemetry.replaceAll('.', '_'))).toBe(true)
  })

  it('has only labels whose values are bounded', () => {
    const bounded = [
      'action',
      'app',
      'breaker',
      'bulkhead',
      'cause',
      'chaos',
      'hook',
      'kind',
      'name',
      'node',
      'outcome',
      'reason',
      'slot',
      'state',
      'status_class',
      'to',
      'version',
      'watchdog',
    ]
    expect([...new Set(all.flatMap(([, { labels }]) => labels))].sort()).toEqual(bounded)
  })
})
