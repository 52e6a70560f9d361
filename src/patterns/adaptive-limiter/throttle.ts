// Client-side throttling as the SRE book has it (chapter 21, "Handling Overload"): the more of the last two minutes' calls
// were turned down, the more are not even sent. No limit to set, and it recovers by itself.

import type { Frame } from '../pipeline/frame.ts'
import { judge, judgeCut } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import type { TimeWindow } from '../time-window.ts'
import type { AdaptiveLimiterStrategy } from './adaptive-limiter.ts'

export type Tried = TimeWindow<'requests' | 'accepts'>

/** How likely the next call is to be turned down here. */
export function rejectProbability(requests: number, accepts: number, multiplier: number): number {
  return Math.max(0, (requests - multiplier * accepts) / (requests + 1))
}

export class ThrottleLayer extends Layer {
  private readonly limiter: AdaptiveLimiterStrategy
  private readonly tried: Tried
  private readonly multiplier: number

  constructor(limiter: AdaptiveLimiterStrategy, tried: Tried, multiplier: number, inner: Layer, slot: number) {
    super(inner, slot)
    this.limiter = limiter
    this.tried = tried
    this.multiplier = multiplier
  }

  enter(frame: Frame): void {
    const { limiter, tried } = this
    if (limiter.disposed) return this.reject(frame, 'disposed')
    const now = limiter.clock.now()
    const probability = rejectProbability(tried.total('requests', now), tried.total('accepts', now), this.multiplier)
    tried.add('requests', now)
    if (probability > 0 && this.isUnlucky(probability)) return this.reject(frame, 'throttled')
    limiter.onAcquired()
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { limiter } = this
    if (judge(frame, limiter.classify, 0) !== 'failure') this.accept()
    this.outer.leave(frame)
  }

  cut(frame: Frame): void {
    if (judgeCut(frame) !== 'failure') this.accept()
  }

  /** Chance that throws is no reason to turn a call down. */
  private isUnlucky(probability: number): boolean {
    try {
      return this.limiter.random() < probability
    } catch {
      return false
    }
  }

  private accept(): void {
    this.tried.add('accepts', this.limiter.clock.now())
  }

  private reject(frame: Frame, cause: 'throttled' | 'disposed'): void {
    frame.ok = false
    frame.value = this.limiter.refusal(cause)
    this.outer.leave(frame)
  }
}
