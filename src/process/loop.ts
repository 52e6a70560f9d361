// The supervisor's heartbeat: dequeue an input, step, execute the commands, publish the events, arm one timer.
// Everything else in this folder only makes inputs or carries out commands.

import type { Clock, Timer } from '../clock.ts'
import type { ResilEvent } from '../events/events.ts'
import type { Command } from '../supervisor/commands.ts'
import type { Input } from '../supervisor/inputs.ts'
import { violations } from '../supervisor/invariants.ts'
import { nextDeadline } from '../supervisor/next-deadline.ts'
import type { SupervisorState } from '../supervisor/state.ts'
import { step } from '../supervisor/step.ts'

export interface Loop {
  readonly state: SupervisorState
  /** Queues an input and, unless a step is under way, works the queue off at once: a crash is answered in the same tick. */
  submit(input: Input): void
  /** Idempotent. Inputs that come later are ignored. */
  close(): void
}

export function startLoop(options: {
  readonly initial: SupervisorState
  readonly clock: Clock
  readonly execute: (command: Command, submit: (input: Input) => void) => void
  readonly publish: (event: ResilEvent) => void
}): Loop {
  const { clock, execute, publish } = options
  const queue: Input[] = []
  let state = options.initial
  let steppedAt = clock.now()
  let timer: Timer | null = null
  let busy = false
  let closed = false

  function submit(input: Input): void {
    if (closed) return
    queue.push(input)
    if (busy) return
    busy = true
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) advance(next)
    } finally {
      busy = false
    }
    armTimer()
  }

  function advance(input: Input): void {
    // Whole milliseconds: what is told of times should be fit to read.
    steppedAt = Math.floor(clock.now())
    const decided = step(state, input, steppedAt)
    state = decided.state
    for (const event of decided.events) publish(event)
    for (const violation of violations(state)) publish({ type: 'invariant.violated', ...violation })
    for (const command of decided.commands) carryOut(command)
  }

  /** A command that can't be carried out must not keep the others from it. */
  function carryOut(command: Command): void {
    try {
      execute(command, submit)
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      publish({ type: 'supervisor.faulted', message: `${command.type}: ${message}`, stack: stack ?? null })
    }
  }

  function armTimer(): void {
    timer?.cancel()
    timer = null
    if (closed) return
    // Counted from the last step, not from now: a fork takes long enough for a deadline to pass meanwhile.
    const at = nextDeadline(state, steppedAt)
    if (at === Number.POSITIVE_INFINITY) return
    timer = clock.setTimeout(() => submit({ type: 'tick' }), Math.max(0, Math.ceil(at - clock.now())))
  }

  return {
    get state() {
      return state
    },
    submit,
    close: () => {
      closed = true
      timer?.cancel()
    },
  }
}
