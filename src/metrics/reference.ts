// The reference page of the metrics, written from their table: docs/reference/metrics.md. Run by scripts/write-metrics-reference.js.

import { METRICS, type MetricDefinition } from './definitions.ts'

const HEAD = `# Metrics

<!-- Written from the table by scripts/write-metrics-reference.js; edit src/metrics/definitions.ts instead. -->

What \`GET /metrics\` of the [admin port](../guides/monitoring.md) says, in the text format of Prometheus. Names without a
\`resil_\` in front are those of Prometheus' client libraries (\`process_…\`) and of OpenTelemetry's semantic conventions, which are
named beside them. Units are seconds, bytes and ratios, as the end of a name says.

**Totals never fall** while the supervisor lives: what a worker had counted is kept when it ends. Workers report once a second, and
once more before a planned end; one that crashes takes at most its last second of counts along. No total is ever too high.

**Labels are bounded**: names of apps, numbers of slots, and words of closed lists. The figures of a slot are those of its own worker;
one that is about to replace it, or leaves, counts in the totals only. Series of counters are there with 0 from the start.

| metric | type | labels | what it says |
| --- | --- | --- | --- |
`

export function referencePage(): string {
  const rows = Object.entries<MetricDefinition>(METRICS).map(([name, { type, labels, help, openTelemetry }]) => {
    const known = openTelemetry === undefined ? '' : ` OpenTelemetry: \`${openTelemetry}\`.`
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help}${known} |\n`
  })
  return `${HEAD}${rows.join('')}`
}
