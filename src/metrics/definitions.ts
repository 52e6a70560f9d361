// The one table of all metrics: the text format, docs/reference/metrics.md and the tests read it. Names follow Prometheus' rules and
// OpenTelemetry's semantic conventions where those have a word. Labels are bounded: apps, slots and closed vocabularies only.

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** The name that OpenTelemetry's semantic conventions have for it. */
  readonly openTelemetry?: string
}

export const METRICS = {
  resil_info: {
    type: 'gauge',
    help: 'Always 1; its labels say what runs.',
    labels: ['name', 'version', 'node'],
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the supervisor started, in seconds since 1970.',
    labels: [],
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'CPU time that the supervisor itself has used, user and system.',
    labels: [],
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of the supervisor itself.',
    labels: [],
  },
  process_open_fds: {
    type: 'gauge',
    help: 'Open file descriptors of the supervisor itself. Absent where /proc does not tell.',
    labels: [],
  },
  nodejs_eventloop_time_seconds_total: {
    type: 'counter',
    help: "Time that the supervisor's event loop was active, and idle. Its rate is the utilization.",
    labels: ['state'],
    openTelemetry: 'nodejs.eventloop.time',
  },
  resil_app_state: {
    type: 'gauge',
    help: 'The state that `resil status` shows: 1 for the one that holds, 0 for the others.',
    labels: ['app', 'state'],
  },
  resil_app_instances: { type: 'gauge', help: 'Workers that are wanted.', labels: ['app'] },
  resil_app_ready_workers: { type: 'gauge', help: 'Workers that get traffic.', labels: ['app'] },
  resil_app_standbys: { type: 'gauge', help: 'Booted workers in reserve.', labels: ['app'] },
  resil_app_generation: {
    type: 'gauge',
    help: 'Number of the release that runs: 1 after the start, one more with each reload.',
    labels: ['app'],
  },
  resil_app_gate_open: {
    type: 'gauge',
    help: "1 while the app's restart gate is not closed: workers crash so often that only trials are started.",
    labels: ['app'],
  },
  resil_worker_up: { type: 'gauge', help: '1 while the slot has a ready worker.', labels: ['app', 'slot'] },
  resil_worker_uptime_seconds: {
    type: 'gauge',
    help: "Age of the slot's worker. Absent, as all of the following, while the slot has none.",
    labels: ['app', 'slot'],
  },
  resil_worker_cpu_ratio: {
    type: 'gauge',
    help: 'CPU that the worker uses, in cores: 1 is one core fully used. Sampled every 5 seconds at least.',
    labels: ['app', 'slot'],
  },
  resil_worker_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of the worker.',
    labels: ['app', 'slot'],
  },
  resil_worker_heap_used_bytes: {
    type: 'gauge',
    help: 'Used JavaScript heap of the worker.',
    labels: ['app', 'slot'],
  },
  nodejs_eventloop_delay_p99_seconds: {
    type: 'gauge',
    help: "99th percentile of the delay of the worker's event loop, over the last second.",
    labels: ['app', 'slot'],
    openTelemetry: 'nodejs.eventloop.delay.p99',
  },
  nodejs_eventloop_utilization_ratio: {
    type: 'gauge',
    help: "How much of the last second the worker's event loop was busy, 0 to 1.",
    labels: ['app', 'slot'],
    openTelemetry: 'nodejs.eventloop.utilization',
  },
  resil_worker_connections: {
    type: 'gauge',
    help: 'Open connections to the servers of the worker.',
    labels: ['app', 'slot'],
  },
  resil_http_requests_total: {
    type: 'counter',
    help: 'HTTP requests begun by workers, upgrades (WebSockets) included.',
    labels: ['app'],
  },
  resil_http_responses_total: {
    type: 'counter',
    help: 'HTTP responses that were sent to their end, by class of status.',
    labels: ['app', 'status_class'],
  },
  resil_http_responses_aborted_total: {
    type: 'counter',
    help: 'HTTP requests whose connection went before the response was through: clients that gave up, drains cut at their deadline.',
    labels: ['app'],
  },
  http_server_active_requests: {
    type: 'gauge',
    help: 'HTTP requests that wait for the end of their response.',
    labels: ['app'],
    openTelemetry: 'http.server.active_requests',
  },
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'From the parsed headers of an HTTP request to the last byte of its response.',
    labels: ['app'],
    openTelemetry: 'http.server.request.duration',
  },
  resil_breaker_workers: {
    type: 'gauge',
    help: 'Workers that have the circuit breaker of this name. At most 50 breakers of an app.',
    labels: ['app', 'breaker'],
  },
  resil_breaker_open_workers: {
    type: 'gauge',
    help: 'Workers in which it is open: what it guards is failing.',
    labels: ['app', 'breaker'],
  },
  resil_breaker_calls_total: {
    type: 'counter',
    help: 'Calls through the circuit breaker of this name, by outcome: success, failure, or rejected without a call.',
    labels: ['app', 'breaker', 'outcome'],
  },
  resil_bulkhead_limit: {
    type: 'gauge',
    help: 'Places in the bulkhead of this name, over all workers. At most 50 bulkheads of an app.',
    labels: ['app', 'bulkhead'],
  },
  resil_bulkhead_in_flight: { type: 'gauge', help: 'Places in use.', labels: ['app', 'bulkhead'] },
  resil_bulkhead_queued: { type: 'gauge', help: 'Calls that wait for a place.', labels: ['app', 'bulkhead'] },
  resil_bulkhead_rejected_total: {
    type: 'counter',
    help: 'Calls that found no place, or waited for one for too long.',
    labels: ['app', 'bulkhead'],
  },
  resil_chaos_injected_total: {
    type: 'counter',
    help: 'Faults that chaos() in the code of the app has injected; those without a name of their own are "unnamed".',
    labels: ['app', 'chaos'],
  },
  resil_worker_starts_total: {
    type: 'counter',
    help: 'Workers that were forked, for whatever reason.',
    labels: ['app'],
  },
  resil_worker_exits_total: {
    type: 'counter',
    help: 'Workers that ended, by kind; all but `planned` are unplanned.',
    labels: ['app', 'kind'],
  },
  resil_worker_restarts_total: {
    type: 'counter',
    help: 'Crashes after which the slot is started again: at once, after a backoff, or behind its gate.',
    labels: ['app'],
  },
  resil_worker_drains_total: { type: 'counter', help: 'Drains that were begun, by cause.', labels: ['app', 'cause'] },
  resil_worker_kill_signals_total: {
    type: 'counter',
    help: 'Signals that were to end a worker by force, by reason; a SIGKILL that follows a SIGTERM counts again.',
    labels: ['app', 'reason'],
  },
  resil_worker_listen_failures_total: {
    type: 'counter',
    help: 'Ports or sockets that a worker could not listen on.',
    labels: ['app'],
  },
  resil_watchdog_trips_total: {
    type: 'counter',
    help: 'Sick workers that were found from outside, by what found them and what was done.',
    labels: ['app', 'watchdog', 'action'],
  },
  resil_incidents_total: {
    type: 'counter',
    help: 'Incidents that were opened as, or became, one of this kind; `app` is empty for those of the supervisor or the machine.',
    labels: ['app', 'kind'],
  },
  resil_hook_failures_total: {
    type: 'counter',
    help: 'Hooks that began to fail; nobody was told.',
    labels: ['app', 'hook'],
  },
  resil_worker_promotions_total: {
    type: 'counter',
    help: 'Standbys that took the place of a worker.',
    labels: ['app'],
  },
  resil_reloads_total: {
    type: 'counter',
    help: 'Reloads and restarts that ended, by outcome.',
    labels: ['app', 'outcome'],
  },
  resil_gate_openings_total: {
    type: 'counter',
    help: 'Restart gates that opened, of slots and of the app, by cause.',
    labels: ['app', 'cause'],
  },
  resil_connections_held_total: {
    type: 'counter',
    help: 'Connections that waited for a worker while there was none.',
    labels: [],
  },
  resil_connections_rescued_total: {
    type: 'counter',
    help: 'Connections that were taken back from a dead worker and given to another.',
    labels: [],
  },
  resil_connections_dropped_total: {
    type: 'counter',
    help: 'Waiting connections that were closed: too many, or too long.',
    labels: [],
  },
  resil_connections_waiting: { type: 'gauge', help: 'Connections that wait for a worker now.', labels: [] },
  resil_output_dropped_lines_total: {
    type: 'counter',
    help: 'Lines of output that did not reach their reader, by where they were to go.',
    labels: ['to'],
  },
  resil_output_dropped_bytes_total: { type: 'counter', help: 'The same in bytes.', labels: ['to'] },
  resil_faults_total: {
    type: 'counter',
    help: 'Mistakes in resil itself that it went on after, and invariants found violated. Please report them.',
    labels: [],
  },
  resil_admin_refusals_total: {
    type: 'counter',
    help: 'Requests to the admin port that were refused, by reason.',
    labels: ['reason'],
  },
  resil_admin_event_streams: { type: 'gauge', help: 'Clients that read /events now.', labels: [] },
  resil_admin_events_dropped_total: {
    type: 'counter',
    help: 'Events that a client of /events has missed, because it read more slowly than they came, or came back too late.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS

export type LabelOf<Name extends MetricName> = (typeof METRICS)[Name]['labels'][number]
