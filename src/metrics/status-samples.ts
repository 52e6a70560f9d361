// Pure: the gauges that the status document already holds, as samples. A slot's figures are those of its own worker: one that is
// about to take over, or leaves, counts in totals only, so that each series has one value.

import { DURATION_BOUNDS_S, STATUS_CLASSES } from '../protocol/http-counts.ts'
import type { AppStatus, AppStatusState, StatusDocument, WorkerStatus } from '../protocol/status.ts'
import { MOST_STRATEGIES } from '../protocol/strategy-sample.ts'
import type { LabelOf, MetricName } from './definitions.ts'
import type { StrategyTotal } from './strategy-totals.ts'
import type { HistogramValue, Sample } from './text-format.ts'
import type { Traffic } from './traffic.ts'

/** For each word once, so that the compiler asks for a new one here. */
const APP_STATES: Readonly<Record<AppStatusState, true>> = {
  waiting: true,
  starting: true,
  running: true,
  degraded: true,
  reloading: true,
  stopping: true,
  stopped: true,
  failed: true,
  ended: true,
}

/** A sample whose labels are those of the table. */
export function sample<Name extends MetricName>(
  name: Name,
  labels: Readonly<Record<LabelOf<Name>, string>>,
  value: number | HistogramValue,
): Sample {
  return { name, labels, value }
}

/** Of an app, since the supervisor began. */
export interface Totals {
  trafficOf(app: string): Traffic
  strategiesOf(app: string): readonly StrategyTotal[]
}

export function statusSamples({ supervisor, apps }: StatusDocument, totals: Totals): Sample[] {
  const { name, version, node, connections } = supervisor
  return [
    sample('resil_info', { name, version, node }, 1),
    ...apps.flatMap(appSamples),
    ...apps.flatMap((app) => trafficSamples(app.name, totals.trafficOf(app.name))),
    ...apps.flatMap(strategySamples),
    ...apps.flatMap(({ name }) => totals.strategiesOf(name).flatMap((total) => totalSamples(name, total))),
    sample('resil_connections_held_total', {}, connections.held),
    sample('resil_connections_rescued_total', {}, connections.rescued),
    sample('resil_connections_dropped_total', {}, connections.dropped),
    sample('resil_connections_waiting', {}, connections.waiting),
  ]
}

function appSamples(status: AppStatus): Sample[] {
  const { name: app, state, instances, ready, standby, generation, gate, workers } = status
  // Standbys are in no slot yet.
  const slots = [...new Set(workers.map(({ slot }) => slot))].filter((slot) => slot >= 0)
  return [
    ...Object.keys(APP_STATES).map((one) => sample('resil_app_state', { app, state: one }, one === state ? 1 : 0)),
    sample('resil_app_instances', { app }, instances),
    sample('resil_app_ready_workers', { app }, ready),
    sample('resil_app_standbys', { app }, standby.standing),
    sample('resil_app_generation', { app }, generation),
    sample('resil_app_gate_open', { app }, gate === 'closed' ? 0 : 1),
    ...slots.flatMap((slot) => slotSamples(app, slot, workers)),
  ]
}

function slotSamples(app: string, number: number, workers: readonly WorkerStatus[]): Sample[] {
  const own = workers.filter(({ slot }) => slot === number)
  const labels = { app, slot: String(number) }
  const up = sample('resil_worker_up', labels, own.some(({ state }) => state === 'ready') ? 1 : 0)
  // The status lists a slot's own worker before the others.
  const [worker] = own
  if (worker === undefined || worker.id === null) return [up]
  const measured = (name: LabelledBySlot, value: number | null, per = 1): Sample[] =>
    value === null ? [] : [sample(name, labels, value / per)]
  return [
    up,
    ...measured('resil_worker_uptime_seconds', worker.uptimeMs, 1_000),
    ...measured('resil_worker_cpu_ratio', worker.cpu, 100),
    ...measured('resil_worker_resident_memory_bytes', worker.rss),
    ...measured('resil_worker_heap_used_bytes', worker.heapUsed),
    ...measured('nodejs_eventloop_delay_p99_seconds', worker.eventLoop.delayP99Ms, 1_000),
    ...measured('nodejs_eventloop_utilization_ratio', worker.eventLoop.utilization),
    ...measured('resil_worker_connections', worker.connections),
  ]
}

type LabelledBySlot = {
  [Name in MetricName]: LabelOf<Name> extends 'app' | 'slot' ? ('slot' extends LabelOf<Name> ? Name : never) : never
}[MetricName]

function trafficSamples(app: string, traffic: Traffic): Sample[] {
  const { requests, inHand, responses, aborted, durations, durationSumMs } = traffic
  return [
    sample('resil_http_requests_total', { app }, requests),
    ...STATUS_CLASSES.map((status_class, index) =>
      sample('resil_http_responses_total', { app, status_class }, responses[index] ?? 0),
    ),
    sample('resil_http_responses_aborted_total', { app }, aborted),
    sample('http_server_active_requests', { app }, inHand),
    sample(
      'http_server_request_duration_seconds',
      { app },
      { bounds: DURATION_BOUNDS_S, counts: durations, sum: durationSumMs / 1_000 },
    ),
  ]
}

/** What is so now. */
function strategySamples({ name: app, breakers, bulkheads }: AppStatus): Sample[] {
  return [
    // Workers may give different names: all of them together stay within what one may have.
    ...breakers
      .slice(0, MOST_STRATEGIES)
      .flatMap(({ name: breaker, workers, openIn }) => [
        sample('resil_breaker_workers', { app, breaker }, workers),
        sample('resil_breaker_open_workers', { app, breaker }, openIn),
      ]),
    ...bulkheads
      .slice(0, MOST_STRATEGIES)
      .flatMap(({ name: bulkhead, limit, inFlight, queued }) => [
        sample('resil_bulkhead_limit', { app, bulkhead }, limit),
        sample('resil_bulkhead_in_flight', { app, bulkhead }, inFlight),
        sample('resil_bulkhead_queued', { app, bulkhead }, queued),
      ]),
  ]
}

function totalSamples(app: string, { kind, name, success, failure, rejected, injected }: StrategyTotal): Sample[] {
  switch (kind) {
    case 'circuitBreaker':
      return Object.entries({ success, failure, rejected }).map(([outcome, count]) =>
        sample('resil_breaker_calls_total', { app, breaker: name, outcome }, count),
      )
    case 'bulkhead':
      return [sample('resil_bulkhead_rejected_total', { app, bulkhead: name }, rejected)]
    case 'chaos':
      return [sample('resil_chaos_injected_total', { app, chaos: name }, injected)]
  }
}
