// The two ends of every pipeline: innermost the action is run, outermost the call is settled.

import type { Frame } from './frame.ts'
import { Layer } from './layer.ts'

export class ActionLayer extends Layer {
  constructor() {
    super(undefined, 0)
  }

  enter(frame: Frame): void {
    frame.run(this.outer)
  }

  leave(frame: Frame): void {
    this.outer.leave(frame)
  }

  cut(): void {}
}

export class EndLayer extends Layer {
  enter(frame: Frame): void {
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    frame.settle()
  }

  cut(): void {}
}
