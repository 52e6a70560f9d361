// One that waits in a queue for a permit: it gets one, waits too long, gives up, or is turned away. Whichever comes first.

import type { Clock, Timer } from '../../clock.ts'
import type { Pending } from '../pipeline/pending.ts'
import { WayBack } from '../pipeline/way-back.ts'
import type { PermitQueue, Waiter } from './permit-queue.ts'

export interface SeatEnds {
  /** In a microtask of its own, and in the context of who waited: a permit handed on must not run the next action inside of the
   *  last one's end. */
  readonly onPermit: () => void
  readonly onRefused: (cause: 'wait' | 'disposed') => void
  /** At once, when the permit is its own but nothing has been done with it. */
  readonly onGranted?: () => void
}

export class Seat implements Waiter, Pending {
  readonly runs = false
  readonly priority: number
  before: Waiter | undefined = undefined
  behind: Waiter | undefined = undefined
  private readonly queue: PermitQueue
  private readonly ends: SeatEnds
  private timer: Timer | undefined
  private readonly back = new WayBack()
  private state: 'waiting' | 'granted' | 'over' = 'waiting'

  constructor(queue: PermitQueue, clock: Clock, maxWaitMs: number, priority: number, ends: SeatEnds) {
    this.queue = queue
    this.priority = priority
    this.ends = ends
    this.timer = clock.setTimeout(() => this.refuse('wait'), maxWaitMs)
    queue.join(this)
  }

  granted(): void {
    this.timer?.cancel()
    this.state = 'granted'
    this.ends.onGranted?.()
    this.back.take(() => {
      if (this.state !== 'granted') return
      this.state = 'over'
      this.ends.onPermit()
    })
  }

  refuse(cause: 'wait' | 'disposed'): void {
    if (this.state !== 'waiting') return
    this.giveUp()
    this.ends.onRefused(cause)
  }

  /** Whether it held a permit that nobody had used yet: giving that back is up to the caller. */
  giveUp(): boolean {
    const held = this.state === 'granted'
    if (this.state === 'waiting') {
      this.timer?.cancel()
      this.queue.leave(this)
    }
    this.state = 'over'
    return held
  }

  cut(): void {
    this.giveUp()
  }

  abort(): void {}
}

export function refuseAll(queue: PermitQueue): void {
  for (let seat = queue.next; seat !== undefined; seat = queue.next) (seat as Seat).refuse('disposed')
}
