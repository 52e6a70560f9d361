// A place in a pipeline that takes a permit for the way through: bulkheads and adaptive limiters. The permit goes back when
// the call has left and every action begun under it has settled, abandoned ones too.

import type { Clock } from '../../clock.ts'
import type { Frame } from '../pipeline/frame.ts'
import { Hold } from '../pipeline/hold.ts'
import { Layer } from '../pipeline/layer.ts'
import type { PermitQueue } from './permit-queue.ts'
import { Seat } from './seat.ts'

export interface PermitOwner {
  readonly clock: Clock
  readonly permits: PermitQueue
  readonly maxQueuedCalls: number
  readonly maxWaitMs: number
  readonly disposed: boolean
  /** A permit was taken. */
  onAcquired(): void
  /** A queued call was cut off. */
  onAborted(): void
  refusal(cause: 'full' | 'wait' | 'disposed'): unknown
}

/** The slot's content while the permit is the call's alone. */
const HELD = 1

export class PermitLayer extends Layer {
  protected readonly owner: PermitOwner

  constructor(owner: PermitOwner, inner: Layer, slot: number) {
    super(inner, slot)
    this.owner = owner
  }

  enter(frame: Frame): void {
    const { owner } = this
    if (!owner.permits.tryTake()) return this.wait(frame)
    owner.onAcquired()
    frame.slots[this.slot] = HELD
    this.begin(frame)
  }

  leave(frame: Frame): void {
    this.release(frame)
    this.outer.leave(frame)
  }

  cut(frame: Frame): void {
    this.release(frame)
  }

  override hold(frame: Frame): Hold | undefined {
    const held = frame.slots[this.slot]
    if (held === undefined) return undefined
    const hold = held instanceof Hold ? held : new Hold(() => this.owner.permits.giveBack())
    frame.slots[this.slot] = hold
    return hold.share()
  }

  /** With the permit in hand. */
  protected begin(frame: Frame): void {
    this.inner.enter(frame)
  }

  private release(frame: Frame): void {
    const held = frame.slots[this.slot]
    frame.slots[this.slot] = undefined
    if (held instanceof Hold) held.drop()
    else this.owner.permits.giveBack()
  }

  private wait(frame: Frame): void {
    const { owner } = this
    if (owner.disposed) return this.refuse(frame, 'disposed')
    if (owner.permits.waiting >= owner.maxQueuedCalls) return this.refuse(frame, 'full')
    const seat = new FrameSeat(owner, frame.priority, {
      // From here on the permit is given back like any other.
      onGranted: () => {
        owner.onAcquired()
        frame.slots[this.slot] = HELD
        frame.at = this
      },
      onPermit: () => {
        frame.wake()
        this.begin(frame)
      },
      onRefused: (cause) => {
        frame.wake()
        this.refuse(frame, cause)
      },
    })
    frame.park(seat, this.outer)
  }

  private refuse(frame: Frame, cause: 'full' | 'wait' | 'disposed'): void {
    frame.ok = false
    frame.value = this.owner.refusal(cause)
    this.outer.leave(frame)
  }
}

class FrameSeat extends Seat {
  private readonly owner: PermitOwner

  constructor(owner: PermitOwner, priority: number, ends: ConstructorParameters<typeof Seat>[4]) {
    super(owner.permits, owner.clock, owner.maxWaitMs, priority, ends)
    this.owner = owner
  }

  override cut(): void {
    if (!this.giveUp()) this.owner.onAborted()
  }
}
