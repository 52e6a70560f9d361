// The closed set of what can go wrong. Each kind has a runbook of its name in docs/runbooks/.

export const INCIDENT_KINDS = [
  'crash',
  'boot-failure',
  'crash-loop',
  'oom',
  'memory-growth',
  'hang',
  'event-loop-lag',
  'cpu-saturation',
  'probe-failed',
  'unresponsive-drain',
  'reload-rolled-back',
  'port-conflict',
  'dependency-open',
  'disk-full',
  'fd-exhaustion',
  'supervisor-starved',
  'chaos',
] as const

export type IncidentKind = (typeof INCIDENT_KINDS)[number]
