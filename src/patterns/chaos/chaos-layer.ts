// Chaos's place in a pipeline: first it delays, then it hangs, fails, or answers something else, or lets the call through.

import { ask } from '../pipeline/attempt.ts'
import type { Frame } from '../pipeline/frame.ts'
import { Layer } from '../pipeline/layer.ts'
import { pause } from '../pipeline/pause.ts'
import type { Pending } from '../pipeline/pending.ts'
import { ResilienceError } from '../resilience-error.ts'
import type { ChaosStrategy } from './chaos.ts'
import { draw, type Faults } from './draw.ts'

export class ChaosLayer extends Layer {
  private readonly chaos: ChaosStrategy

  constructor(chaos: ChaosStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.chaos = chaos
  }

  enter(frame: Frame): void {
    const { chaos } = this
    if (!chaos.active) return this.inner.enter(frame)
    const faults = this.draw(frame)
    if (faults === undefined) return this.outer.leave(frame)
    if (faults.latencyMs === undefined) return this.strike(frame, faults)
    chaos.inject('latency')
    pause(frame, this.outer, chaos.clock, faults.latencyMs, () => this.strike(frame, faults), true)
  }

  leave(frame: Frame): void {
    this.outer.leave(frame)
  }

  cut(): void {}

  private draw(frame: Frame): Faults | undefined {
    try {
      return draw(this.chaos.odds, this.chaos.random)
    } catch (thrown) {
      frame.ok = false
      frame.value = thrown
      return undefined
    }
  }

  private strike(frame: Frame, faults: Faults): void {
    const { chaos } = this
    if (faults.hang) {
      chaos.inject('hang')
      frame.park(new Hang(frame, this.outer), this.outer)
    } else if (faults.error) this.fail(frame)
    else if (faults.outcome) this.answer(frame)
    else this.inner.enter(frame)
  }

  private fail(frame: Frame): void {
    const { chaos } = this
    chaos.inject('error')
    const fields = { strategy: 'chaos', strategyName: chaos.name } as const
    frame.ok = false
    try {
      const cause = chaos.error && ask(frame, chaos.error)
      frame.value = new ResilienceError('RESIL_CHAOS', cause === undefined ? fields : { ...fields, cause })
    } catch (thrown) {
      frame.value = thrown
    }
    this.outer.leave(frame)
  }

  private answer(frame: Frame): void {
    this.chaos.inject('outcome')
    try {
      frame.value = this.chaos.outcome && ask(frame, this.chaos.outcome)
      frame.ok = true
    } catch (thrown) {
      frame.value = thrown
      frame.ok = false
    }
    this.outer.leave(frame)
  }
}

/** As an action that heeds its signal, and nothing else. */
class Hang implements Pending {
  readonly runs = true
  private readonly frame: Frame
  private readonly outer: Layer

  constructor(frame: Frame, outer: Layer) {
    this.frame = frame
    this.outer = outer
  }

  cut(): void {}

  abort(reason: unknown): void {
    const { frame } = this
    frame.wake()
    frame.ok = false
    frame.value = reason
    this.outer.leave(frame)
  }
}
