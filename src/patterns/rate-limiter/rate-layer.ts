// A rate limiter's place in a pipeline: on the way in only; what was let go is spent.

import { Seat } from '../bulkhead/seat.ts'
import { show } from '../options.ts'
import { ask } from '../pipeline/attempt.ts'
import type { Frame } from '../pipeline/frame.ts'
import { Layer } from '../pipeline/layer.ts'
import type { Lane } from './lane.ts'
import type { RateLimiterStrategy } from './rate-limiter.ts'

export class RateLayer extends Layer {
  private readonly limiter: RateLimiterStrategy

  constructor(limiter: RateLimiterStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.limiter = limiter
  }

  enter(frame: Frame): void {
    const { limiter } = this
    const lane = this.laneOf(frame)
    if (lane === undefined) return this.outer.leave(frame)
    if (limiter.disposed) return this.refuse(frame, lane, 'disposed')
    if (lane.tryTake()) return this.begin(frame)
    const tooLong = lane.waitMs() > limiter.maxWaitMs
    if (lane.queue.waiting >= limiter.maxQueuedCalls || tooLong) return this.refuse(frame, lane, 'full')
    this.wait(frame, lane)
  }

  leave(frame: Frame): void {
    this.outer.leave(frame)
  }

  cut(): void {}

  private begin(frame: Frame): void {
    this.limiter.acquired += 1
    this.inner.enter(frame)
  }

  private wait(frame: Frame, lane: Lane): void {
    const { clock, maxWaitMs } = this.limiter
    const seat = new LaneSeat(lane, clock, maxWaitMs, frame.priority, {
      onPermit: () => {
        frame.wake()
        this.begin(frame)
      },
      onRefused: (cause) => {
        frame.wake()
        lane.attend()
        this.refuse(frame, lane, cause)
      },
    })
    lane.attend()
    frame.park(seat, this.outer)
  }

  private refuse(frame: Frame, lane: Lane, cause: 'full' | 'wait' | 'disposed'): void {
    frame.ok = false
    frame.value = this.limiter.refusal(lane, cause)
    this.outer.leave(frame)
  }

  private laneOf(frame: Frame): Lane | undefined {
    const { limiter } = this
    if (limiter.key === undefined) return limiter.lane('')
    try {
      const key: unknown = ask(frame, limiter.key)
      if (typeof key === 'string') return limiter.lane(key)
      frame.value = new TypeError(`rateLimiter "${limiter.name}": key() must return a string, got ${show(key)}`)
    } catch (thrown) {
      frame.value = thrown
    }
    frame.ok = false
    return undefined
  }
}

class LaneSeat extends Seat {
  private readonly lane: Lane

  constructor(lane: Lane, ...rest: ConstructorParameters<typeof Seat> extends [unknown, ...infer R] ? R : never) {
    super(lane.queue, ...rest)
    this.lane = lane
  }

  override cut(): void {
    this.giveUp()
    this.lane.attend()
  }
}
