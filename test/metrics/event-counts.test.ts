// What each event adds to which counter.

import { describe, expect, it } from 'vitest'
import type { ResilEvent } from '../../src/events/events.ts'
import type { AfterExit, ExitKind } from '../../src/events/exit.ts'
import type { MetricName } from '../../src/metrics/definitions.ts'
import { METRICS } from '../../src/metrics/definitions.ts'
import { createEventCounts } from '../../src/metrics/event-counts.ts'
import { exitDetails } from '../support/fake-port.ts'

const worker = { app: 'web', slot: 0, id: 1, pid: 10, generation: 1 }
const failure = { slot: 0, worker: 1, reason: 'code' as const, exit: null, missing: [] }
const reload = { app: 'web', generation: 2, request: 'reload-1' }

function exited(kind: ExitKind, next: AfterExit['do']): ResilEvent {
  const after = next === 'restart' ? { do: next, delayMs: 0 } : { do: next }
  return { type: 'worker.exited', worker, exit: exitDetails({ kind }), after, crashes: 1 }
}

/** Series that an event has moved, as `name{values of labels} by`. */
function moved(...events: ResilEvent[]): string[] {
  const counts = createEventCounts(['web'])
  for (const event of events) counts.add(event)
  return counts
    .samples()
    .filter(({ value }) => value !== 0)
    .map(({ name, labels, value }) => `${name}{${Object.values(labels)}} ${value}`)
    .sort()
}

describe('an event', () => {
  it.each<[string, ResilEvent, string[]]>([
    ['worker.forked', { type: 'worker.forked', worker, trial: false }, ['resil_worker_starts_total{web} 1']],
    [
      'a crash that is restarted',
      exited('signal', 'restart'),
      ['resil_worker_exits_total{web,signal} 1', 'resil_worker_restarts_total{web} 1'],
    ],
    [
      'a crash behind a gate',
      exited('oom', 'wait-for-gate'),
      ['resil_worker_exits_total{web,oom} 1', 'resil_worker_restarts_total{web} 1'],
    ],
    ['a planned exit', exited('planned', 'nothing'), ['resil_worker_exits_total{web,planned} 1']],
    ['an end by policy', exited('clean', 'park'), ['resil_worker_exits_total{web,clean} 1']],
    [
      'a drain',
      { type: 'worker.draining', worker, cause: 'reload', deadlineMs: 1 },
      ['resil_worker_drains_total{web,reload} 1'],
    ],
    [
      'a kill',
      { type: 'worker.signalled', worker, signal: 'SIGKILL', reason: 'drain-deadline' },
      ['resil_worker_kill_signals_total{web,drain-deadline} 1'],
    ],
    ['a signal to one that still boots', { type: 'worker.signalled', worker, signal: 'SIGTERM', reason: 'stop' }, []],
    [
      'a failed listen',
      { type: 'worker.listenFailed', worker, code: 'EADDRINUSE', port: 80, address: null, owner: null },
      ['resil_worker_listen_failures_total{web} 1'],
    ],
    [
      'a watchdog',
      {
        type: 'watchdog.tripped',
        worker,
        watchdog: 'memory',
        action: 'replace',
        measured: 2,
        limit: 1,
        unit: 'bytes',
        detail: '',
      },
      ['resil_watchdog_trips_total{web,memory,replace} 1'],
    ],
    [
      'an incident',
      { type: 'incident.opened', incident: 'i-1', kind: 'crash', app: 'web', summary: 's', hint: null },
      ['resil_incidents_total{web,crash} 1'],
    ],
    [
      'an incident that becomes worse: it counts as what it is now',
      {
        type: 'incident.worsened',
        incident: 'i',
        kind: 'crash-loop',
        from: 'crash',
        app: 'web',
        summary: '',
        hint: null,
      },
      ['resil_incidents_total{web,crash-loop} 1'],
    ],
    [
      'an incident of the machine',
      { type: 'incident.opened', incident: 'i-1', kind: 'disk-full', app: null, summary: 's', hint: null },
      ['resil_incidents_total{,disk-full} 1'],
    ],
    [
      'a hook that fails',
      { type: 'hook.failed', hook: 'onCrash', app: 'web', target: 'notify', reason: 'exit code 1' },
      ['resil_hook_failures_total{web,onCrash} 1'],
    ],
    ['reload.finished', { type: 'reload.finished', ...reload, tookMs: 1 }, ['resil_reloads_total{web,finished} 1']],
    [
      'reload.rolledBack',
      { type: 'reload.rolledBack', ...reload, kept: 1, failure, tookMs: 1 },
      ['resil_reloads_total{web,rolled-back} 1'],
    ],
    [
      'reload.halted',
      { type: 'reload.halted', ...reload, replaced: 1, failure, tookMs: 1 },
      ['resil_reloads_total{web,halted} 1'],
    ],
    [
      'reload.superseded',
      { type: 'reload.superseded', ...reload, restart: false, by: 'stop' },
      ['resil_reloads_total{web,superseded} 1'],
    ],
    [
      'restart.failed',
      { type: 'restart.failed', app: 'web', request: 'restart-1', failure, tookMs: 1 },
      ['resil_reloads_total{web,failed} 1'],
    ],
    [
      'gate.opened',
      { type: 'gate.opened', app: 'web', slot: 0, cause: 'crash-window', crashes: 6, retryInMs: 1 },
      ['resil_gate_openings_total{web,crash-window} 1'],
    ],
    [
      'output that was dropped',
      { type: 'output.dropped', bytes: 90, lines: 3, to: 'stdout', error: null },
      ['resil_output_dropped_bytes_total{stdout} 90', 'resil_output_dropped_lines_total{stdout} 3'],
    ],
    [
      'output that a file did not take: its path is no label',
      { type: 'output.dropped', bytes: 90, lines: 3, to: '/var/log/web.log', error: 'ENOSPC' },
      ['resil_output_dropped_bytes_total{file} 90', 'resil_output_dropped_lines_total{file} 3'],
    ],
    ['a fault', { type: 'supervisor.faulted', message: 'x', stack: null }, ['resil_faults_total{} 1']],
    ['a violation', { type: 'invariant.violated', invariant: 2, message: 'x' }, ['resil_faults_total{} 1']],
    ['what is no counter', { type: 'app.stopped', app: 'web' }, []],
  ])('%s', (_what, event, expected) => {
    expect(moved(event)).toEqual(expected)
    expect(moved(event, event)).toEqual(
      expected.map((line) => line.replace(/\d+$/, (count) => String(2 * Number(count)))),
    )
  })
})

it('every series is there with 0 before anything happens, so that rates see the first', () => {
  const samples = createEventCounts(['web', 'api']).samples()
  expect(samples.every(({ value }) => value === 0)).toBe(true)
  const exits = samples.filter(({ name, labels }) => name === 'resil_worker_exits_total' && labels.app === 'api')
  expect(exits.map(({ labels }) => labels.kind)).toContain('oom')
})

it('no event makes a series that was not there before', () => {
  const counts = createEventCounts(['web'])
  const before = counts.samples().length
  counts.add(exited('fork-failed', 'restart'))
  counts.add({ type: 'output.dropped', bytes: 1, lines: 1, to: '/x', error: null })
  expect(counts.samples()).toHaveLength(before)
})

it('samples have the labels of the table', () => {
  for (const { name, labels } of createEventCounts(['web']).samples()) {
    expect(Object.keys(labels), name).toEqual([...METRICS[name as MetricName].labels])
  }
})
