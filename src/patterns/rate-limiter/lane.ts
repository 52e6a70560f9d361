// The calls of one key: its schedule, and those that wait for their turn, in order, with one timer for the first of them.

import type { Clock, Timer } from '../../clock.ts'
import { PermitQueue } from '../bulkhead/permit-queue.ts'
import { afterCall, available, type Rate, waitMs } from './gcra.ts'

export class Lane {
  readonly queue = new PermitQueue(0)
  private readonly rate: Rate
  private readonly clock: Clock
  private onScheduleAt = Number.NEGATIVE_INFINITY
  private timer: Timer | undefined = undefined

  constructor(rate: Rate, clock: Clock) {
    this.rate = rate
    this.clock = clock
  }

  tryTake(): boolean {
    const now = this.clock.now()
    if (this.queue.waiting > 0 || waitMs(this.onScheduleAt, this.rate, now) > 0) return false
    this.onScheduleAt = afterCall(this.onScheduleAt, this.rate, now)
    return true
  }

  /** For one more behind those that wait. */
  waitMs(): number {
    return waitMs(this.onScheduleAt, this.rate, this.clock.now()) + this.queue.waiting * this.rate.intervalMs
  }

  available(): number {
    return this.queue.waiting > 0 ? 0 : available(this.onScheduleAt, this.rate, this.clock.now())
  }

  /** Somebody has joined or left the queue. */
  attend(): void {
    if (this.queue.waiting === 0) {
      this.timer?.cancel()
      this.timer = undefined
    } else
      this.timer ??= this.clock.setTimeout(() => this.admit(), waitMs(this.onScheduleAt, this.rate, this.clock.now()))
  }

  private admit(): void {
    this.timer = undefined
    const now = this.clock.now()
    while (this.queue.waiting > 0 && waitMs(this.onScheduleAt, this.rate, now) === 0) {
      this.onScheduleAt = afterCall(this.onScheduleAt, this.rate, now)
      this.queue.grantNext()
    }
    this.attend()
  }
}
