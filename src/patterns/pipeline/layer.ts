// A strategy's place in one pipeline. Calls go inward through `enter` and come back through `leave`: one layer hands the
// frame to the next by a plain call, so V8 sees few kinds at each call site and inlines most of the way (a loop over the
// layers costs half as much again). Nothing here allocates, waits or knows a promise.

import type { Frame } from './frame.ts'
import type { Hold } from './hold.ts'

export abstract class Layer {
  readonly inner: Layer
  /** This layer's own place in `frame.slots` and `frame.times`. */
  readonly slot: number
  /** Set once, when the pipeline is put together. */
  outer: Layer = this

  constructor(inner: Layer | undefined, slot: number) {
    this.inner = inner ?? this
    this.slot = slot
    if (inner !== undefined) inner.outer = this
  }

  /** Whether it may run code of the caller's after an outcome came back: another attempt, another answer. */
  get goesOnAfterFailure(): boolean {
    return false
  }

  /** Goes inward: on to `inner.enter`, back by `outer.leave` with an outcome in the frame, or parks the frame. */
  abstract enter(frame: Frame): void

  /** An outcome comes back: on to `outer.leave`, inward once more, or parks the frame. */
  abstract leave(frame: Frame): void

  /** The call is cut off while it is inside: gives back what `enter` took. The frame goes on without this layer. */
  abstract cut(frame: Frame): void

  /** An action under this layer was abandoned and still runs: whatever it must keep holding until it settles. */
  hold(_frame: Frame): Hold | undefined {
    return undefined
  }
}

/** Hands out the slots of one pipeline. */
export interface Slots {
  used: number
  /** Some layer ends calls from outside. */
  interrupts: boolean
}

/** What a strategy has besides its public face: how it becomes a layer. */
export const LAYER: unique symbol = Symbol.for('resil.layer/1')
export interface Layered {
  [LAYER](inner: Layer, slots: Slots): Layer
}
