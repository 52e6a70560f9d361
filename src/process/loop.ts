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
    const decided = step(state, input, clock.now())
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
    const now = clock.now()
    const at = nextDeadline(state, now)
    if (at !== Number.POSITIVE_INFINITY) timer = clock.setTimeout(() => submit({ type: 'tick' }), Math.ceil(at - now))
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
