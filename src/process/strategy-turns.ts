// When the breakers of an app open and close, all workers taken together, and when chaos begins and ends: the events that
// status, which only shows how it is now, can not tell. What is made of them is incidents/.

import type { Clock, Timer } from '../clock.ts'
import type { StrategyEvent } from '../events/family/strategy.ts'
import type { BreakerStatus } from '../protocol/status.ts'
import { breakersOf, type LiveSample } from './strategies.ts'

/** Without a fault for so long, an experiment is over. */
const QUIET_MS = 60_000

export interface StrategyTurns {
  /** Of all workers of the app that live. To be called when one has told of a turn, or has ended. */
  look(app: string, workers: readonly WorkerStrategies[]): void
  close(): void
}

interface WorkerStrategies {
  readonly id: number
  readonly strategies: Iterable<LiveSample>
}

interface Chaos {
  readonly injected: number
  readonly lastAt: number
}

interface Known {
  /** Names of breakers that are open, or were and have not closed since. */
  open: ReadonlySet<string>
  /** By worker and sample, as last counted. */
  counts: ReadonlyMap<string, number>
  /** By name, while it goes on. */
  readonly chaos: Map<string, Chaos>
}

export function watchStrategyTurns(options: {
  readonly clock: Clock
  readonly publish: (event: StrategyEvent) => void
}): StrategyTurns {
  const { clock, publish } = options
  const apps = new Map<string, Known>()
  let timer: Timer | null = null

  function look(app: string, workers: readonly WorkerStrategies[]): void {
    const known = apps.get(app) ?? { open: new Set(), counts: new Map(), chaos: new Map() }
    apps.set(app, known)
    const each = workers.map(({ id, strategies }) => ({ id, samples: [...strategies] }))
    lookAtBreakers(app, known, breakersOf(each.map(({ samples }) => samples)))
    lookAtChaos(app, known, each)
    arm()
  }

  function lookAtBreakers(app: string, known: Known, breakers: readonly BreakerStatus[]): void {
    const before = known.open
    const open = breakers.filter(({ name, openIn, state }) => openIn > 0 || (before.has(name) && state === 'half-open'))
    known.open = new Set(open.map(({ name }) => name))
    for (const { name, openIn, workers } of open) {
      if (!before.has(name)) publish({ type: 'breaker.opened', app, name, openIn, workers })
    }
    for (const name of before) if (!known.open.has(name)) publish({ type: 'breaker.closed', app, name })
  }

  function lookAtChaos(
    app: string,
    known: Known,
    workers: readonly { readonly id: number; readonly samples: readonly LiveSample[] }[],
  ): void {
    const before = known.counts
    const counts = new Map<string, number>()
    const more = new Map<string, number>()
    for (const { id, samples } of workers) {
      for (const sample of samples) {
        if (sample.kind !== 'chaos') continue
        const key = `${id}:${sample.id}`
        counts.set(key, sample.injected)
        const added = sample.injected - (before.get(key) ?? 0)
        if (added > 0) more.set(sample.name, (more.get(sample.name) ?? 0) + added)
      }
    }
    known.counts = counts
    for (const [name, added] of more) {
      const going = known.chaos.get(name)
      known.chaos.set(name, { injected: (going?.injected ?? 0) + added, lastAt: clock.now() })
      if (going === undefined) publish({ type: 'chaos.injecting', app, name, injected: added })
    }
  }

  function endQuietChaos(): void {
    for (const [app, { chaos }] of apps) {
      for (const [name, { injected, lastAt }] of chaos) {
        const quietMs = Math.floor(clock.now() - lastAt)
        if (quietMs < QUIET_MS) continue
        chaos.delete(name)
        publish({ type: 'chaos.ended', app, name, injected, quietMs })
      }
    }
  }

  function arm(): void {
    const lastAt = Math.min(...[...apps.values()].flatMap(({ chaos }) => [...chaos.values()].map((one) => one.lastAt)))
    if (timer !== null || lastAt === Number.POSITIVE_INFINITY) return
    timer = clock.setTimeout(
      () => {
        timer = null
        endQuietChaos()
        arm()
      },
      Math.max(1, Math.ceil(lastAt + QUIET_MS - clock.now())),
    )
    // Whoever has nothing else to wait for does not wait for the end of an experiment.
    timer.unref?.()
  }

  return { look, close: () => timer?.cancel() }
}
