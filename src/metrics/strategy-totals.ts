// Pure: what the named strategies of each app have counted, put together from the samples of its workers. As with traffic: what a
// dead worker had counted is kept, a new one starts from zero, and totals never fall.

import { MOST_STRATEGIES, type StrategySample } from '../protocol/strategy-sample.ts'

export type LiveSample = Exclude<StrategySample, { kind: 'gone' }>

/** What of it a strategy has not is 0. */
export interface StrategyTotal {
  readonly kind: LiveSample['kind']
  readonly name: string
  readonly success: number
  readonly failure: number
  readonly rejected: number
  /** Faults of chaos(). */
  readonly injected: number
}

export interface StrategyTotals {
  begin(worker: number, app: string): void
  /** All strategies that the worker has now; one that it had before has been disposed of. */
  report(worker: number, samples: Iterable<LiveSample>): void
  /** Nothing more will come of it. */
  end(worker: number): void
  of(app: string): StrategyTotal[]
}

interface Living {
  readonly app: string
  /** By the sample's id. */
  readonly strategies: Map<number, StrategyTotal>
}

export function createStrategyTotals(): StrategyTotals {
  /** By app, then by kind and name. First come, first kept: programs make up names without end. */
  const ended = new Map<string, Map<string, StrategyTotal>>()
  const living = new Map<number, Living>()

  function endedOf(app: string): Map<string, StrategyTotal> {
    const known = ended.get(app) ?? new Map<string, StrategyTotal>()
    ended.set(app, known)
    return known
  }

  /** Whether there is place for it among those of its kind. */
  function place(app: string, sample: Pick<StrategyTotal, 'kind' | 'name'>): boolean {
    const known = endedOf(app)
    if (known.has(keyOf(sample))) return true
    const alike = [...known.values()].filter(({ kind }) => kind === sample.kind)
    if (alike.length >= MOST_STRATEGIES) return false
    known.set(keyOf(sample), { kind: sample.kind, name: sample.name, success: 0, failure: 0, rejected: 0, injected: 0 })
    return true
  }

  function keep(app: string, total: StrategyTotal): void {
    const known = endedOf(app).get(keyOf(total))
    if (known !== undefined) endedOf(app).set(keyOf(total), sum(known, total))
  }

  return {
    begin: (worker, app) => void living.set(worker, { app, strategies: new Map() }),
    report: (worker, samples) => {
      const known = living.get(worker)
      if (known === undefined) return
      const { app, strategies } = known
      const gone = new Set(strategies.keys())
      for (const sample of samples) {
        const before = strategies.get(sample.id)
        const next = totalOf(sample)
        // An app can write to its own channel: one that claims less than before must not turn totals back.
        if (before === undefined ? place(app, next) : isLater(next, before)) strategies.set(sample.id, next)
        gone.delete(sample.id)
      }
      for (const id of gone) {
        const last = strategies.get(id)
        if (last !== undefined) keep(app, last)
        strategies.delete(id)
      }
    },
    end: (worker) => {
      const known = living.get(worker)
      if (known === undefined) return
      living.delete(worker)
      for (const total of known.strategies.values()) keep(known.app, total)
    },
    of: (app) => {
      const totals = new Map(ended.get(app))
      for (const { app: own, strategies } of living.values()) {
        if (own !== app) continue
        for (const total of strategies.values()) {
          const known = totals.get(keyOf(total))
          totals.set(keyOf(total), known === undefined ? total : sum(known, total))
        }
      }
      return [...totals.values()]
    },
  }
}

function keyOf({ kind, name }: Pick<StrategyTotal, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

function totalOf(sample: LiveSample): StrategyTotal {
  const { kind, name } = sample
  const none = { kind, name, success: 0, failure: 0, rejected: 0, injected: 0 }
  switch (sample.kind) {
    case 'circuitBreaker': {
      const { calls, failures, rejected } = sample
      return { ...none, success: Math.max(0, calls - failures), failure: failures, rejected }
    }
    case 'bulkhead':
      return { ...none, rejected: sample.rejected }
    case 'chaos':
      return { ...none, injected: sample.injected }
  }
}

function isLater(next: StrategyTotal, before: StrategyTotal): boolean {
  return (
    keyOf(next) === keyOf(before) &&
    next.success >= before.success &&
    next.failure >= before.failure &&
    next.rejected >= before.rejected &&
    next.injected >= before.injected
  )
}

function sum(a: StrategyTotal, b: StrategyTotal): StrategyTotal {
  return {
    ...a,
    success: a.success + b.success,
    failure: a.failure + b.failure,
    rejected: a.rejected + b.rejected,
    injected: a.injected + b.injected,
  }
}
