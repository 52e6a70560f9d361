// The app's named breakers and bulkheads, and its chaos, as samples for the beat: only those that changed, and no more than so many. They are
// the app's objects, maybe of another version of resil: whatever is odd about one is not told, and never harms the beat.

import type { WatchedStrategy } from '../protocol/agent-handle.ts'
import {
  BREAKER_STATES,
  LONGEST_STRATEGY_NAME,
  MOST_STRATEGIES,
  type StrategySample,
} from '../protocol/strategy-sample.ts'

interface Watched {
  readonly id: number
  readonly strategy: WeakRef<WatchedStrategy>
  /** As it was told last. */
  told: string
}

export class Strategies {
  #watched: Watched[] = []
  #gone: StrategySample[] = []
  #lastId = 0

  /** The first come are watched; later ones take the places of those that are gone. */
  watch(strategy: WatchedStrategy): void {
    if (this.#watched.length >= MOST_STRATEGIES) this.#clearUp()
    if (this.#watched.length >= MOST_STRATEGIES) return
    this.#lastId += 1
    this.#watched.push({ id: this.#lastId, strategy: new WeakRef(strategy), told: '' })
  }

  /** What is to be told now. */
  changes(): StrategySample[] {
    this.#clearUp()
    const changes = this.#gone.splice(0)
    for (const watched of this.#watched) {
      const sample = sampleOf(watched)
      const text = JSON.stringify(sample)
      if (sample === undefined || text === watched.told) continue
      watched.told = text
      changes.push(sample)
    }
    return changes
  }

  #clearUp(): void {
    this.#watched = this.#watched.filter(({ id, strategy, told }) => {
      if (strategy.deref()?.disposed === false) return true
      if (told !== '') this.#gone.push({ id, kind: 'gone' })
      return false
    })
  }
}

function sampleOf({ id, strategy }: Watched): StrategySample | undefined {
  const live = strategy.deref()
  try {
    const metrics = live?.metrics() as Readonly<Record<string, unknown>> | undefined
    if (live === undefined || metrics === undefined) return undefined
    const of = (...keys: readonly string[]): number => keys.reduce((sum, key) => sum + count(metrics[key]), 0)
    const common = { id, name: String(live.name).slice(0, LONGEST_STRATEGY_NAME) }
    const state = BREAKER_STATES.find((known) => known === metrics.state)
    if (live.kind === 'circuitBreaker' && state !== undefined) {
      const [calls, failures, rejected] = [of('success', 'failure'), of('failure'), of('rejected')]
      return { ...common, kind: 'circuitBreaker', state, calls, failures, rejected }
    }
    if (live.kind === 'chaos') {
      const injected = of('errors', 'latencies', 'hangs', 'outcomes')
      return injected > 0 ? { ...common, kind: 'chaos', injected } : undefined
    }
    if (live.kind !== 'bulkhead') return undefined
    const [limit, inFlight, queued] = [of('limit'), of('inFlight'), of('queued')]
    return { ...common, kind: 'bulkhead', limit, inFlight, queued, rejected: of('rejectedFull', 'rejectedWait') }
  } catch {
    return undefined
  }
}

/** Infinity and NaN do not travel as JSON. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
