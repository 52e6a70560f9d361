// How a call is cut off before it has ended, by an abort, a timeout or a hedge that was lost: every layer inside of the one that goes
// on is cut, and gives back what it took. Why, and which layer that is, is for whoever calls this.

import type { Frame } from './frame.ts'
import type { Hold } from './hold.ts'
import type { Layer } from './layer.ts'
import { type Pending, Returning } from './pending.ts'
import type { WayBack } from './way-back.ts'

/** Cuts off what is inside of `stop` and comes back to it with the error: at once, or by `back` in the caller's context. */
export function interrupt(frame: Frame, stop: Layer, error: unknown, back?: WayBack): void {
  if (frame.pending === undefined) return afterwards(frame, () => interrupt(frame, stop, error, back))
  const ran = cutInside(frame, stop, error)
  if (back === undefined) return stop.leave(frame)
  const returning = new Returning(ran)
  frame.park(returning, stop)
  back.take(() => {
    if (returning.over) return
    frame.wake()
    stop.leave(frame)
  })
}

/** As interrupt, for a branch whose outcome nobody waits for any more. */
export function discard(frame: Frame, stop: Layer, reason: unknown): void {
  if (frame.pending === undefined) {
    orphan(frame)
    return afterwards(frame, () => discard(frame, stop, reason))
  }
  cutInside(frame, stop, reason)
  frame.retire()
}

/** Goes on without the call that it is a branch of, and keeps what it was begun under. */
export function orphan(frame: Frame): void {
  const { parent } = frame
  if (parent === undefined) return
  frame.attempts = frame.root.attempts
  frame.held = [...frame.held, ...holdsAround(parent)]
  frame.parent = undefined
  if (frame.bounds === parent) frame.bounds = undefined
}

/** Shares of everything that is held around where the frame is. */
export function holdsAround(start: Frame): readonly Hold[] {
  const holds: Hold[] = []
  for (let frame: Frame | undefined = start; frame !== undefined; frame = frame.parent) {
    for (let layer = frame.at; layer !== frame.plan.end; layer = layer.outer) {
      const hold = layer.hold(frame)
      if (hold !== undefined) holds.push(hold)
    }
    for (const hold of frame.held) holds.push(hold.share())
  }
  return holds
}

/** The frame must be parked. Returns whether an action was cut off, or only a wait for one. */
function cutInside(frame: Frame, stop: Layer, error: unknown): boolean {
  const pending = frame.pending as Pending
  frame.pending = undefined
  frame.ok = false
  frame.value = error
  frame.ranWhenCut = pending.runs
  pending.cut(frame, error)
  for (let layer = frame.at; layer !== stop; layer = layer.outer) layer.cut(frame)
  return pending.runs
}

/** For what a listener, a classifier or an abort handler of this very call asks: it is on its way just now, further up the
 *  stack, and has parked or ended before the microtask. */
function afterwards(frame: Frame, then: () => void): void {
  const { life } = frame
  queueMicrotask(() => {
    if (frame.life === life && frame.pending !== undefined) then()
  })
}
