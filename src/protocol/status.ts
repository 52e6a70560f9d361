// The status document: the contract of `resil status --json` (and, later, GET /status). One valid document in every situation.

import type { EndCause, ReplaceCause } from '../events/causes.ts'
import type { ExitDetails } from '../events/exit.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import type { BreakerState } from './strategy-sample.ts'

export type WorkerStatusState = 'booting' | 'warming' | 'ready' | 'suspect' | 'standby' | 'draining' | 'killing'
export type SlotStatusState = 'empty' | 'backoff' | 'parked'
export type AppStatusState =
  | 'waiting'
  | 'starting'
  | 'running'
  | 'degraded'
  | 'reloading'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'ended'

export interface WorkerStatus {
  /** Counts up with every fork; null where the slot has no process now. */
  readonly id: number | null
  /** -1: a standby, in no slot yet. */
  readonly slot: number
  readonly pid: number | null
  readonly state: WorkerStatusState | SlotStatusState
  readonly generation: number
  /** false: its readiness probe fails, and others get the new connections. */
  readonly inRotation: boolean
  readonly uptimeMs: number
  /** Unplanned restarts of the slot. */
  readonly restarts: number
  /** Per cent of one core; null: not measured yet. */
  readonly cpu: number | null
  /** Bytes. */
  readonly rss: number | null
  readonly heapUsed: number | null
  readonly eventLoop: { readonly delayP99Ms: number | null; readonly utilization: number | null }
  readonly connections: number | null
  readonly requests: number | null
  /** What the watchdogs have found and that has not gone away. */
  readonly limits: readonly ('memory' | 'cpu' | 'event-loop' | 'descriptors')[]
  /** Why it is to be replaced, or ended; null: it is not. */
  readonly due: ReplaceCause | EndCause | null
  /** How the slot's worker before this one ended. */
  readonly lastExit: ExitDetails | null
  /** Only while the slot waits to start again: milliseconds until then. */
  readonly retryInMs: number | null
}

export interface BreakerStatus {
  readonly name: string
  /** The worst of its workers: forced-open, open, half-open, disabled, closed. */
  readonly state: BreakerState
  /** In so many of the `workers` that have it. */
  readonly openIn: number
  readonly workers: number
  /** Sums over the workers since each began: calls that counted, those of them that failed, and those that were not let through. */
  readonly calls: number
  readonly failures: number
  readonly rejected: number
}

export interface BulkheadStatus {
  readonly name: string
  readonly workers: number
  /** Has no place left in so many workers. */
  readonly fullIn: number
  /** Sums over the workers. */
  readonly limit: number
  readonly inFlight: number
  readonly queued: number
  readonly rejected: number
}

export interface AppStatus {
  readonly name: string
  readonly state: AppStatusState
  readonly generation: number
  readonly instances: number
  readonly ready: number
  /** Workers in reserve: how many stand by, of how many wanted, and why there can be none. */
  readonly standby: { readonly standing: number; readonly wanted: number; readonly refused: string | null }
  readonly restarts: number
  readonly ports: readonly number[]
  /** Who gives connections to workers: the supervisor, in turn or by client address, or the kernel, from one socket or many. */
  readonly schedule: 'round-robin' | 'sticky' | 'shared' | 'reuse-port'
  readonly workers: readonly WorkerStatus[]
  readonly gate: 'closed' | 'open' | 'half-open'
  /** Circuit breakers and bulkheads to which the app has given a name, by name; of the workers that live now. */
  readonly breakers: readonly BreakerStatus[]
  readonly bulkheads: readonly BulkheadStatus[]
}

export interface IncidentsStatus {
  readonly open: number
  readonly total: number
  readonly last: {
    readonly id: string
    readonly kind: IncidentKind
    readonly state: 'open' | 'resolved'
    readonly app: string | null
    /** Wall milliseconds. */
    readonly begunAt: number
  } | null
  /** memory: the disk is full, read-only, or there is no place; what is recorded ends with the supervisor. */
  readonly kept: 'disk' | 'memory'
}

export interface StatusDocument {
  readonly supervisor: {
    readonly name: string
    readonly pid: number
    readonly version: string
    readonly node: string
    readonly uptimeMs: number
    readonly state: 'running' | 'stopping'
    readonly cpu: number | null
    readonly rss: number | null
    readonly schedule: 'round-robin' | 'shared'
    /** Connections that a crash would have lost, since the start: `held` waited for a worker while there was none, `rescued` were
     *  taken back from a dead one; `dropped` waited too long or were too many. `waiting`: now. */
    readonly connections: {
      readonly held: number
      readonly rescued: number
      readonly dropped: number
      readonly waiting: number
      /** What is done about node:cluster's defects: "on", or "off: " and what this Node lacks for it. */
      readonly cures: {
        readonly rescue: string
        readonly holdTheDoor: string
        readonly handOff: string
        readonly appPorts: string
      }
    }
    readonly socket: string | null
    readonly configFile: string | null
  }
  readonly apps: readonly AppStatus[]
  readonly incidents: IncidentsStatus
}
