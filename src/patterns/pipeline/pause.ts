// A frame that waits for time to pass. Its timer keeps the process alive: a call is waiting for it.

import type { Clock, Timer } from '../../clock.ts'
import type { Frame } from './frame.ts'
import type { Layer } from './layer.ts'
import type { Pending } from './pending.ts'

class Pause implements Pending {
  readonly runs: boolean
  private readonly timer: Timer

  constructor(clock: Clock, delayMs: number, runs: boolean, wake: () => void) {
    this.runs = runs
    this.timer = clock.setTimeout(wake, delayMs)
  }

  cut(): void {
    this.timer.cancel()
  }

  abort(): void {}
}

/** Parks the frame inside of `at`, and goes on after the delay. `runs`: it stands for something that runs, and cannot be asked to stop. */
export function pause(
  frame: Frame,
  at: Layer,
  clock: Clock,
  delayMs: number,
  goOn: () => void,
  runs: boolean = false,
): void {
  const wake = (): void => {
    frame.wake()
    goOn()
  }
  frame.park(new Pause(clock, delayMs, runs, wake), at)
}
