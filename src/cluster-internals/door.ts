// What the rest of the supervisor may ask of connections, and what is asked of it in return. All of cluster-internals/ stands
// behind this; hold-the-door.ts puts it together.

import type { Worker } from 'node:cluster'
import type { Clock } from '../clock.ts'
import type { Cures } from './cures.ts'
import type { ProbeConnection } from './probe-connection.ts'
import type { WorkerPlace } from './routing.ts'

export interface DoorOptions {
  /** Whether the app is kept alive at all. Asked in the very moment in which a port loses its last worker, when no exit is known yet. */
  readonly isKept: (app: string) => boolean
  /** Whether a replacement boots, or will within LONGEST_HOLD_MS. Asked ever after. */
  readonly mayHold: (app: string) => boolean
  /** Whether the app itself closed its server, rather than a drain that resil asked for. */
  readonly isDraining: (worker: Worker) => boolean
  /** Whether there is, or will be, a worker in that slot. */
  readonly hasSlot: (app: string, slot: number) => boolean
  readonly schedule: 'round-robin' | 'shared'
  readonly cures: Cures
  readonly clock: Clock
}

export interface DoorCounts {
  /** Connections that waited for a worker. */
  readonly held: number
  /** Connections taken back from workers that died, or could not receive them. */
  readonly rescued: number
  /** Waited too long, or were too many: closed. */
  readonly dropped: number
  readonly waiting: number
}

export interface DoorPlace extends WorkerPlace {
  /** Its workers accept for themselves, each slot on a socket of its own. */
  readonly reusePort: boolean
}

export interface Door {
  /** At fork, before the worker has said anything. */
  watch(worker: Worker, place: DoorPlace): void
  /** A listening socket that the worker's agent has sent back. */
  returned(worker: Worker, handle: unknown): void
  /**
   * Out of rotation a worker keeps the connections that it has and gets no new ones, as long as another worker of the port is in
   * rotation; when all are out, all get some. Round robin only: otherwise the kernel gives connections out.
   */
  setRotation(worker: Worker, inRotation: boolean): void
  /** The worker has asked for any free port, and this is the one that it was given. */
  isEphemeral(worker: Worker, port: number): boolean
  /** A connection to this worker and no other; `endpoint` as the supervisor names it, null: the first. Never rejects. */
  probeConnection(worker: Worker, endpoint: string | null, timeoutMs: number): Promise<ProbeConnection>
  /** Connections that were meant for the worker and did not reach it, for want of descriptors; others got them. */
  missedBy(worker: Worker): number
  /** Looks again whether doors may stay open, and who has waited too long. By itself it does so ten times a second while it must. */
  review(): void
  readonly counts: DoorCounts
  /** Closes what is held and gives net.createServer back. */
  close(): void
}
