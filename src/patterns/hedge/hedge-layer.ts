// The race between an action and its hedges: each goes inward on a frame of its own, the call waits outside for the first
// success.

import type { Timer } from '../../clock.ts'
import type { Untold } from '../events.ts'
import { discard } from '../pipeline/cut-off.ts'
import type { Frame } from '../pipeline/frame.ts'
import { branchOf } from '../pipeline/frame-for.ts'
import { judge } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import type { Pending } from '../pipeline/pending.ts'
import type { HedgeStrategy } from './hedge.ts'

export class HedgeLayer extends Layer {
  readonly hedge: HedgeStrategy

  constructor(hedge: HedgeStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.hedge = hedge
  }

  override get goesOnAfterFailure(): boolean {
    return true
  }

  enter(frame: Frame): void {
    const { hedge } = this
    hedge.calls += 1
    try {
      hedge.budget?.recordAttempt()
    } catch (thrown) {
      // A budget of somebody else's that throws is a bug, like a classifier that does.
      frame.ok = false
      frame.value = thrown
      return this.outer.leave(frame)
    }
    const race = new Race(this, frame)
    frame.park(race, this.outer)
    race.start()
  }

  /** A runner comes back, never the call itself. */
  leave(runner: Frame): void {
    ;(runner.slots[this.slot] as Race).arrived(runner)
  }

  cut(): void {}
}

type Arrival = Pick<Frame, 'ok' | 'value' | 'degradedBy'>

class Race implements Pending {
  readonly runs = true
  private readonly layer: HedgeLayer
  private readonly frame: Frame
  /** In order of starting; undefined once it has arrived. */
  private readonly runners: (Frame | undefined)[] = []
  private firstFailure: Arrival | undefined = undefined
  private timer: Timer | undefined = undefined
  private over = false

  constructor(layer: HedgeLayer, frame: Frame) {
    this.layer = layer
    this.frame = frame
  }

  start(): void {
    this.run()
    this.awaitNext()
  }

  arrived(runner: Frame): void {
    const { hedge, slot } = this.layer
    const durationMs = hedge.clock.now() - (runner.times[slot] ?? 0)
    const verdict = judge(runner, hedge.classify, durationMs)
    const { ok, value, degradedBy } = runner
    const arrival = { ok, value, degradedBy }
    runner.retire()
    // The call ended while this one was on its way here.
    if (this.over) return
    const number = this.runners.indexOf(runner)
    this.runners[number] = undefined
    if (verdict === 'success') {
      hedge.latencies.record(durationMs)
      this.finish(arrival, number)
      return
    }
    this.firstFailure ??= arrival
    if (this.runners.every((other) => other === undefined)) this.finish(this.firstFailure, 0)
  }

  cut(_frame: Frame, reason: unknown): void {
    this.stop(reason)
  }

  abort(reason: unknown): void {
    this.timer?.cancel()
    for (const runner of this.runners) runner?.pending?.abort(reason)
  }

  private run(): void {
    const runner = branchOf(this.frame, this.frame)
    const { hedge, slot, inner } = this.layer
    runner.slots[slot] = this
    runner.times[slot] = hedge.clock.now()
    this.runners.push(runner)
    inner.enter(runner)
  }

  private awaitNext(): void {
    const { hedge } = this.layer
    if (this.over || this.runners.length > hedge.maxHedges) return
    this.timer = hedge.clock.setTimeout(() => this.hedgeNow(), hedge.delayMs())
  }

  private hedgeNow(): void {
    const { hedge } = this.layer
    if (!this.mayHedge()) {
      hedge.budgetDenied += 1
      return
    }
    hedge.hedges += 1
    hedge.tell({ type: 'hedge.started', hedge: this.runners.length } as Untold)
    // A listener may have ended the call.
    if (this.over) return
    this.run()
    this.awaitNext()
  }

  private mayHedge(): boolean {
    try {
      return this.layer.hedge.budget?.tryAcquire() ?? true
    } catch {
      // In a timer there is nobody to throw at, and the call is under way already.
      return false
    }
  }

  private finish({ ok, value, degradedBy }: Arrival, number: number): void {
    const { frame } = this
    const { hedge, outer } = this.layer
    // First: whoever aborts the call from a listener or an abort handler now finds it on its way out.
    frame.wake()
    this.stop(new DOMException('another attempt was faster', 'AbortError'))
    if (number > 0) {
      hedge.won += 1
      hedge.tell({ type: 'hedge.won', hedge: number } as Untold)
    }
    frame.ok = ok
    frame.value = value
    frame.degradedBy = degradedBy
    outer.leave(frame)
  }

  private stop(reason: unknown): void {
    this.over = true
    this.timer?.cancel()
    for (const [number, runner] of this.runners.entries()) {
      this.runners[number] = undefined
      if (runner !== undefined) discard(runner, this.layer, reason)
    }
  }
}
