// The named breakers and bulkheads of an app, out of what each of its workers tells: one line for each name. Pure.

import type { BreakerStatus, BulkheadStatus } from '../protocol/status.ts'
import { BREAKER_STATES, type BreakerState, MOST_STRATEGIES, type StrategySample } from '../protocol/strategy-sample.ts'

export type LiveSample = Exclude<StrategySample, { kind: 'gone' }>
type Sample<Kind extends LiveSample['kind']> = Extract<LiveSample, { kind: Kind }>

/** Of one worker. */
export type WorkerSamples = Iterable<LiveSample>

/**
 * Keeps no more than an agent tells of: what a worker sends must not grow here. Whether a breaker has turned or a fault was
 * injected: most beats bring only counts, and those concern nobody but status.
 */
export function keepSamples(known: Map<number, LiveSample>, changes: readonly StrategySample[]): boolean {
  const hasTurned = changes.some((change) => isTurn(known.get(change.id), change))
  for (const { id, kind } of changes) if (kind === 'gone') known.delete(id)
  for (const change of changes) {
    if (change.kind !== 'gone' && (known.has(change.id) || known.size < MOST_STRATEGIES)) known.set(change.id, change)
  }
  return hasTurned
}

function isTurn(before: LiveSample | undefined, change: StrategySample): boolean {
  const was = before?.kind === 'circuitBreaker' ? before.state : 'closed'
  switch (change.kind) {
    case 'circuitBreaker':
      return change.state !== was
    case 'gone':
      return was !== 'closed'
    case 'chaos':
      return true
    case 'bulkhead':
      return false
  }
}

export function breakersOf(workers: readonly WorkerSamples[]): BreakerStatus[] {
  return byName('circuitBreaker', workers).map(({ name, each }) => {
    const states = each.map((samples) => worst(samples.map(({ state }) => state)))
    return {
      name,
      state: worst(states),
      openIn: states.filter((state) => state === 'open' || state === 'forced-open').length,
      workers: each.length,
      calls: sum(each, ({ calls }) => calls),
      failures: sum(each, ({ failures }) => failures),
      rejected: sum(each, ({ rejected }) => rejected),
    }
  })
}

export function bulkheadsOf(workers: readonly WorkerSamples[]): BulkheadStatus[] {
  return byName('bulkhead', workers).map(({ name, each }) => ({
    name,
    workers: each.length,
    fullIn: each.filter((samples) => samples.some(({ inFlight, limit }) => inFlight >= limit)).length,
    limit: sum(each, ({ limit }) => limit),
    inFlight: sum(each, ({ inFlight }) => inFlight),
    queued: sum(each, ({ queued }) => queued),
    rejected: sum(each, ({ rejected }) => rejected),
  }))
}

/** By name; `each`: the samples of each worker that has it. */
function byName<Kind extends LiveSample['kind']>(
  kind: Kind,
  workers: readonly WorkerSamples[],
): { readonly name: string; readonly each: readonly (readonly Sample<Kind>[])[] }[] {
  const names = new Map<string, Sample<Kind>[][]>()
  for (const worker of workers) {
    const here = new Map<string, Sample<Kind>[]>()
    for (const sample of worker) {
      if (sample.kind === kind) here.set(sample.name, [...(here.get(sample.name) ?? []), sample as Sample<Kind>])
    }
    for (const [name, samples] of here) names.set(name, [...(names.get(name) ?? []), samples])
  }
  return [...names].map(([name, each]) => ({ name, each })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function worst(states: readonly BreakerState[]): BreakerState {
  return states.reduce((a, b) => (BREAKER_STATES.indexOf(b) > BREAKER_STATES.indexOf(a) ? b : a), 'closed')
}

function sum<S>(each: readonly (readonly S[])[], of: (sample: S) => number): number {
  return each.flat().reduce((total, sample) => total + of(sample), 0)
}
