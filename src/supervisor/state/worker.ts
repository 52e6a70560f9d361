// One process, as the supervisor knows it: its stage, what it listens on, why it has to go, what is remembered of it. A value:
// whoever changes a worker makes a new one. Where it stands is slot.ts's.

import type { ProbeName } from '../../config/settings.ts'
import type { EndCause, ReplaceCause } from '../../events/causes.ts'
import type { WorkerRef } from '../../events/worker-ref.ts'
import type { ProbeState } from '../probes/probe-state.ts'
import type { Vitals } from '../watchdogs/vitals.ts'
import type { Stage } from './stage.ts'

export interface Worker {
  readonly id: number
  readonly app: string
  readonly slot: number
  readonly generation: number
  readonly pid: number | null
  readonly forkedAt: number
  readonly stage: Stage
  /** What it listens on: ports as decimal numbers, else socket paths. */
  readonly endpoints: readonly string[]
  /** Those of them whose number the system chose. */
  readonly ephemeral: readonly string[]
  readonly loadedAt: number | null
  readonly messagedReady: boolean
  readonly listenFailure: { readonly code: string; readonly port: number | null } | null
  /** The gates behind which it is the one trial; none for an ordinary worker. */
  readonly trialOf: readonly ('slot' | 'app')[]
  /** null: nothing is wrong with it. */
  readonly due: Due | null
  /** What its probes have said; null: not asked, or not answered yet. */
  readonly probes: { readonly [Name in ProbeName]: ProbeState | null }
  /** Whether it gets new connections. */
  readonly inRotation: boolean
  /** When it was taken from the reserve; null: it never stood there. */
  readonly promotedAt: number | null
  /** When and after how many requests it is recycled, jitter included; Infinity: never. */
  readonly recycle: { readonly at: number; readonly requests: number }
  /** V8's heap as it was started with; null: as V8 thinks best. */
  readonly heapLimitBytes: number | null
  /** What the watchdogs remember of it. */
  readonly vitals: Vitals
}

/**
 * Why a worker that serves has to go. `replace`: when a new one is ready, within the disruption budget. `end`: a new one is waited
 * for until `patienceUntil`, and until `lastCallAt` where others are replaced before it; then it goes anyway, one at a time.
 */
export type Due =
  | { readonly how: 'replace'; readonly cause: ReplaceCause; readonly since: number }
  | {
      readonly how: 'end'
      readonly cause: EndCause
      readonly since: number
      readonly patienceUntil: number
      readonly lastCallAt: number
      /** What is left to do when this cause passes before its turn comes: hangs and failing probes may. */
      readonly beneath: Due | null
    }

/** It may get traffic. */
export function isReady(worker: Worker | null): boolean {
  return worker?.stage.status === 'ready' && worker.inRotation
}

/** It has been ready and gets no traffic now: out of rotation, or not heard of. */
export function isUnwell(worker: Worker | null): worker is Worker {
  return worker !== null && hasServed(worker) && !isReady(worker)
}

/** It has been ready; whether it is heard of now is another question. */
export function hasServed(worker: Worker): boolean {
  return worker.stage.status === 'ready' || worker.stage.status === 'suspect'
}

/** Silent, as it was told, and nobody waits for it: it never listens, so it may be computing. */
export function isComputing(worker: Worker | null): boolean {
  return worker?.stage.status === 'suspect' && worker.stage.told && worker.endpoints.length === 0
}

export function isBooting(worker: Worker): boolean {
  return worker.stage.status === 'booting' || worker.stage.status === 'warming'
}

export function refOf(worker: Worker): WorkerRef {
  const { app, slot, id, pid, generation } = worker
  return { app, slot, id, pid, generation }
}
