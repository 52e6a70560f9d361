// Where a failure turns into another answer. Rejections of resil count as failures here, unlike elsewhere: an open circuit
// is when a fallback is needed most.

import type { Verdict } from '../pipeline/call.ts'
import type { Frame } from '../pipeline/frame.ts'
import { type AnyClassify, outcomeOf, verdictOf } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'

/** Whether to serve something else. A classifier that throws makes the call fail with what it threw. */
export function failed(frame: Frame, classify: AnyClassify): boolean {
  if (classify === undefined) return !frame.ok
  let verdict: Verdict
  try {
    verdict = verdictOf(classify, outcomeOf(frame, 0))
  } catch (thrown) {
    frame.ok = false
    frame.value = thrown
    return false
  }
  return verdict === 'failure'
}

export interface Server {
  readonly classify: AnyClassify
  /** It runs code of the caller's to find another answer. */
  readonly runsCode: boolean
  calls: number
  /** Gives the frame another outcome and sends it on to `layer.outer`, now or later. */
  serve(frame: Frame, layer: FallbackLayer): void
}

export class FallbackLayer extends Layer {
  private readonly server: Server
  /** Where another action than the call's own comes back to. */
  readonly served: ServedLayer

  constructor(server: Server, onServed: (frame: Frame) => void, inner: Layer, slot: number) {
    super(inner, slot)
    this.server = server
    this.served = new ServedLayer(onServed)
  }

  override get goesOnAfterFailure(): boolean {
    return this.server.runsCode
  }

  enter(frame: Frame): void {
    this.server.calls += 1
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { server } = this
    if (frame.ok && server.classify === undefined) this.outer.leave(frame)
    else if (failed(frame, server.classify)) this.serve(frame)
    else this.outer.leave(frame)
  }

  cut(): void {}

  private serve(frame: Frame): void {
    this.served.outer = this.outer
    this.server.serve(frame, this)
  }
}

/** Stands around a degraded function while it runs. */
class ServedLayer extends Layer {
  private readonly onServed: (frame: Frame) => void

  constructor(onServed: (frame: Frame) => void) {
    super(undefined, 0)
    this.onServed = onServed
  }

  enter(): void {}

  leave(frame: Frame): void {
    if (frame.ok) this.onServed(frame)
    this.outer.leave(frame)
  }

  cut(): void {}
}
