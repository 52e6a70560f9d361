// What a frame goes through, what it waits for, and what bounds it.

import type { Clock } from '../../clock.ts'
import type { Frame } from './frame.ts'
import type { Layer } from './layer.ts'

/** A pipeline, put together. */
export interface Plan {
  readonly name: string
  readonly clock: Clock
  readonly first: Layer
  /** Around all layers: where a call ends. */
  readonly end: Layer
  readonly slots: number
  /** Has layers that end a call from outside: its promise must be one that can be settled at any time. */
  readonly interrupts: boolean
}

/** What bounds a branch from outside: the call that it belongs to, or those that share it. */
export interface Bounds {
  /** When the nearest timeout ends it. */
  readonly nearestDeadline: number
}

/** What a parked frame waits for: an action, a timer, a place in a queue, its branches. */
export interface Pending {
  /** Whether something of the caller's is running, rather than waiting its turn. */
  readonly runs: boolean
  /** The frame has its outcome already and goes on without this. */
  cut(frame: Frame, reason: unknown): void
  /** Asks what runs to stop; the frame keeps waiting for it. */
  abort(reason: unknown): void
}

/** Cut off already, and on its way back into the context of its caller. */
export class Returning implements Pending {
  readonly runs: boolean
  over = false

  constructor(runs: boolean) {
    this.runs = runs
  }

  cut(): void {
    this.over = true
  }

  abort(): void {}
}
