// A circuit breaker's place in a pipeline: its slot keeps the ticket that a call began with, its time the start.

import type { Frame } from '../pipeline/frame.ts'
import { judge, judgeCut } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import { ResilienceError, type ResilienceErrorFields } from '../resilience-error.ts'
import type { BreakerStrategy } from './breaker-strategy.ts'
import type { Ticket } from './permit.ts'

export class BreakerLayer extends Layer {
  private readonly breaker: BreakerStrategy

  constructor(breaker: BreakerStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.breaker = breaker
  }

  enter(frame: Frame): void {
    const { breaker } = this
    const ticket = breaker.admit()
    if (ticket === undefined) return this.reject(frame)
    frame.slots[this.slot] = ticket
    if (breaker.timed) frame.times[this.slot] = breaker.clock.now()
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { breaker, slot } = this
    const ticket = frame.slots[slot] as Ticket
    // Most calls end here: judged by default, no probe.
    if (frame.ok && !breaker.timed && typeof ticket === 'number') {
      breaker.succeed(ticket)
      this.outer.leave(frame)
      return
    }
    const durationMs = breaker.timed ? breaker.clock.now() - (frame.times[slot] ?? 0) : 0
    const verdict = judge(frame, breaker.classify, durationMs)
    breaker.settle(ticket, verdict, durationMs, frame.ok ? undefined : frame.value)
    this.outer.leave(frame)
  }

  cut(frame: Frame): void {
    const { breaker, slot } = this
    const durationMs = breaker.timed ? breaker.clock.now() - (frame.times[slot] ?? 0) : 0
    breaker.settle(frame.slots[slot] as Ticket, judgeCut(frame), durationMs, frame.value)
  }

  private reject(frame: Frame): void {
    const { kind, name, reason, retryAfterMs } = this.breaker
    const fields: ResilienceErrorFields = { strategy: kind, strategyName: name, retryAfterMs, cause: reason }
    frame.ok = false
    frame.value = new ResilienceError('RESIL_CIRCUIT_OPEN', fields)
    this.outer.leave(frame)
  }
}
