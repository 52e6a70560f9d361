// The supervisor's heartbeat: dequeue an input, step, execute the commands, publish the events, arm one timer.
// Everything else in this folder only makes inputs or carries out commands.

import type { Clock, Timer } from '../clock.ts'
import type { ResilEvent } from '../events/events.ts'
import type { Command } from '../supervisor/commands.ts'
import type { Input } from '../supervisor/inputs.ts'
import { type Violation, violations } from '../supervisor/invariants.ts'
import { nextDeadline } from '../supervisor/next-deadline.ts'
import type { SupervisorState } from '../supervisor/state/supervisor.ts'
import { step } from '../supervisor/step.ts'

/** Later than any busy machine makes a timer. */
const LATE_MS = 1_000
const PUNCTUAL_MS = 20

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
  /** Runs something once all that has arrived is read: setImmediate, which Node runs after it has polled. */
  readonly afterReading?: (run: () => void) => void
}): Loop {
  const { clock, execute, publish, afterReading = setImmediate } = options
  const queue: Input[] = []
  const told = new Set<string>()
  let state = options.initial
  let steppedAt = clock.now()
  /** Of the last step that thought everything through: what is due later than that has not been decided. */
  let decidedAt = steppedAt
  /** When the timer is to fire, if nothing comes before. */
  let dueAt = Number.POSITIVE_INFINITY
  let timer: Timer | null = null
  let busy = false
  let closed = false

  function submit(input: Input): void {
    if (closed) return
    if (busy) {
      queue.push(input)
      return
    }
    queue.push(...overslept(), input)
    busy = true
    let quiet = true
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) quiet = advance(next) && quiet
    } catch (error) {
      quiet = false
      throw error
    } finally {
      busy = false
      if (!quiet) armTimer()
    }
  }

  /**
   * A deadline that has passed long since without a look: the process was stopped, paused or starved. Since when is not known;
   * counted from the last step nobody gets less than was promised.
   */
  function overslept(): Input[] {
    if (clock.now() - dueAt <= LATE_MS) return []
    dueAt = Number.POSITIVE_INFINITY
    return [{ type: 'supervisor.overslept', lateMs: Math.floor(clock.now() - steppedAt) }]
  }

  /** Whether nothing followed: then the timer stands. */
  function advance(input: Input): boolean {
    // Whole milliseconds: what is told of times should be fit to read.
    steppedAt = Math.floor(clock.now())
    const firstNew = state.nextWorker
    const decided = step(state, input, steppedAt)
    state = decided.state
    if (decided.quiet) return true
    decidedAt = steppedAt
    for (const event of decided.events) publish(event)
    for (const violation of violations(state, firstNew)) tellOnce(violation)
    for (const command of decided.commands) carryOut(command)
    return false
  }

  /** A state that is wrong may stay so for many steps. */
  function tellOnce(violation: Violation): void {
    if (told.has(violation.message)) return
    told.add(violation.message)
    publish({ type: 'invariant.violated', ...violation })
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
    // Counted from then, not from now: a fork takes long enough for a deadline to pass meanwhile.
    const at = nextDeadline(state, decidedAt)
    dueAt = at
    if (at === Number.POSITIVE_INFINITY) return
    timer = clock.setTimeout(() => onTimer(at), Math.max(0, Math.ceil(at - clock.now())))
  }

  /**
   * Late, this process did not run for a while, and timers come before what has arrived meanwhile. Nobody is judged before that is
   * read: a beat that lies in the pipe has been sent in time.
   */
  function onTimer(at: number): void {
    const look = (): void => submit({ type: 'tick' })
    if (clock.now() - at > PUNCTUAL_MS) afterReading(look)
    else look()
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
