// One run of the action: the Call that it gets, and the promise that it gave. Owns the attempt's signal, which is made only
// if the action reads it: a controller costs fifty times a bare call.

import type { Call } from './call.ts'
import type { Frame } from './frame.ts'
import type { Hold } from './hold.ts'
import type { Pending } from './pending.ts'

const neverAborted: unique symbol = Symbol('never aborted')

export class Attempt implements Call, Pending {
  // Made for each call: `declare`d and assigned, since a field of its own costs a definition besides the assignment.
  declare readonly attempt: number
  declare readonly pipeline: string
  declare readonly key: string | undefined
  declare readonly args: readonly unknown[]
  /** Where it runs; undefined once it has settled or was abandoned. */
  declare frame: Frame | undefined
  declare private controller: AbortController | undefined
  declare private reason: unknown

  constructor(frame: Frame, attempt: number) {
    this.attempt = attempt
    this.pipeline = frame.plan.name
    this.key = frame.key
    this.args = frame.args
    this.frame = frame
    this.controller = undefined
    this.reason = neverAborted
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.reason !== neverAborted) this.controller.abort(this.reason)
    }
    return this.controller.signal
  }

  get runs(): boolean {
    return true
  }

  get remainingMs(): number {
    if (this.frame === undefined) return this.reason === neverAborted ? Number.POSITIVE_INFINITY : 0
    return Math.max(0, this.frame.nearestDeadline - this.frame.plan.clock.now())
  }

  abort(reason: unknown): void {
    if (this.reason !== neverAborted) return
    this.reason = reason
    this.controller?.abort(reason)
  }

  /** The frame goes on without it. The action may still run; what it holds is kept for it. */
  cut(frame: Frame, reason: unknown): void {
    frame.abandon()
    this.frame = undefined
    this.abort(reason)
  }
}

/** Puts a question about a call (its key, the fault to inject) to the caller's code, with a Call that is over when it is answered. */
export function ask<T>(frame: Frame, question: (call: Call) => T): T {
  const call = new Attempt(frame, frame.root.attempts + 1)
  try {
    return question(call)
  } finally {
    call.frame = undefined
  }
}

/** Listens to the action's promise for a frame; left behind with the promise if the action is abandoned. */
export class Watch {
  private frame: Frame | undefined
  private held: readonly Hold[] = []
  readonly onValue: (value: unknown) => unknown
  readonly onError: (error: unknown) => unknown

  constructor(frame: Frame) {
    this.frame = frame
    this.onValue = (value) => {
      return this.frame === undefined ? this.letGo() : this.frame.arrive(true, value)
    }
    this.onError = (error) => {
      return this.frame === undefined ? this.letGo() : this.frame.arrive(false, error)
    }
  }

  leaveBehind(held: readonly Hold[]): void {
    this.frame = undefined
    this.held = held
  }

  private letGo(): void {
    for (const hold of this.held) hold.drop()
    this.held = []
  }
}
