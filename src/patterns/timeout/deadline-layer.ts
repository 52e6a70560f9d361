// A deadline around whatever is inside: timeout() is made of it, and so is the attempt timeout of retry().
// abandon: abort the signal and reject now. cooperative: abort the signal and wait for the action.

import type { Clock } from '../../clock.ts'
import type { Untold } from '../events.ts'
import { interrupt } from '../pipeline/cut-off.ts'
import type { Frame } from '../pipeline/frame.ts'
import { Hold } from '../pipeline/hold.ts'
import { Layer } from '../pipeline/layer.ts'
import { WayBack } from '../pipeline/way-back.ts'
import { ResilienceError } from '../resilience-error.ts'
import type { StrategyKind } from '../strategy-kind.ts'
import { DeadlineQueue, type Due } from './deadline-queue.ts'

export type TimeoutMode = 'abandon' | 'cooperative'

export interface DeadlineOwner {
  readonly kind: StrategyKind
  readonly name: string
  readonly clock: Clock
  tell(event: Untold): void
}

/** All calls under one timeout, with their counts. */
export class Deadlines {
  readonly owner: DeadlineOwner
  readonly timeoutMs: number
  readonly mode: TimeoutMode
  calls = 0
  expired = 0
  abandoned = 0

  constructor(owner: DeadlineOwner, timeoutMs: number, mode: TimeoutMode) {
    this.owner = owner
    this.timeoutMs = timeoutMs
    this.mode = mode
  }

  error(cause?: unknown): ResilienceError {
    const { kind, name } = this.owner
    const message = `${kind} "${name}" ended the call after ${this.timeoutMs} ms`
    const fields = { strategy: kind, strategyName: name, message }
    return new ResilienceError('RESIL_TIMEOUT', cause === undefined ? fields : { ...fields, cause })
  }
}

export class DeadlineLayer extends Layer {
  private readonly deadlines: Deadlines
  private readonly queue: DeadlineQueue
  /** Whether something around it goes on to run code of the caller's after a timeout. Known once the pipeline is put together. */
  private goesOn: boolean | undefined = undefined

  constructor(deadlines: Deadlines, inner: Layer, slot: number) {
    super(inner, slot)
    this.deadlines = deadlines
    this.queue = new DeadlineQueue(deadlines.owner.clock, deadlines.timeoutMs, (due) => this.expire(due))
  }

  enter(frame: Frame): void {
    this.deadlines.calls += 1
    const due = this.queue.add(frame)
    due.outerDeadline = frame.deadline
    if (due.deadline < frame.deadline) frame.deadline = due.deadline
    this.goesOn ??= isWithinOneThatGoesOn(this)
    if (this.goesOn) due.back = new WayBack()
    frame.slots[this.slot] = due
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { expired, error } = frame.slots[this.slot] as Due
    this.dismiss(frame)
    // An action that was asked to stop may throw an abort error of its own: the cause is still that time was up.
    if (expired && !frame.ok && frame.value !== error) frame.value = this.deadlines.error(frame.value)
    this.outer.leave(frame)
  }

  cut(frame: Frame): void {
    this.dismiss(frame)
  }

  /** It is this deadline that abandons the action, if it has expired: counted until the action settles. */
  override hold(frame: Frame): Hold | undefined {
    const due = frame.slots[this.slot] as Due | undefined
    if (due?.expired !== true) return undefined
    const { deadlines } = this
    const { clock } = deadlines.owner
    const since = clock.now()
    deadlines.abandoned += 1
    return new Hold(() => {
      deadlines.abandoned -= 1
      deadlines.owner.tell({ type: 'timeout.abandonedSettled', afterMs: clock.now() - since } as Untold)
    })
  }

  private dismiss(frame: Frame): void {
    const due = frame.slots[this.slot] as Due
    frame.slots[this.slot] = undefined
    frame.deadline = due.outerDeadline
    this.queue.remove(due)
  }

  private expire(due: Due): void {
    const { deadlines } = this
    deadlines.expired += 1
    due.error = deadlines.error()
    deadlines.owner.tell({ type: 'timeout.expired', timeoutMs: deadlines.timeoutMs } as Untold)
    // A listener may have ended the call.
    if (due.expired && due.frame.slots[this.slot] === due) this.end(due)
  }

  private end(due: Due): void {
    const { frame, error } = due
    const { pending } = frame
    if (pending === undefined) {
      // A clock turned by hand, from inside this very call: let it come to rest first.
      queueMicrotask(() => {
        if (frame.slots[this.slot] === due && due.error === error && frame.pending !== undefined) this.end(due)
      })
    } else if (this.deadlines.mode === 'cooperative' && pending.runs) pending.abort(error)
    else interrupt(frame, this, error, due.back)
  }
}

function isWithinOneThatGoesOn(layer: Layer): boolean {
  let { outer } = layer
  for (; outer !== outer.outer; outer = outer.outer) if (outer.goesOnAfterFailure) return true
  return false
}
