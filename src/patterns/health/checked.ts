// One registered check: runs it in the background, never twice at once, and remembers what it said and when.

import type { Clock, Timer } from '../../clock.ts'
import { type CheckFn, reasonOf, resultOf } from './check.ts'
import type { CheckReport, CheckResult, HealthKind } from './report.ts'

export interface CheckRules {
  readonly kind: HealthKind
  readonly critical: boolean
  readonly timeoutMs: number
  readonly intervalMs: number
  readonly maxAgeMs: number
}

export class Checked {
  readonly name: string
  readonly rules: CheckRules
  private readonly run: CheckFn
  private readonly clock: Clock
  private readonly onResult: (before: CheckResult, after: CheckResult) => void
  private result: CheckResult = { status: 'fail', output: 'not checked yet' }
  private readonly registeredAt: number
  private knownAt: number | undefined = undefined
  private durationMs = 0
  private running: Promise<void> | undefined = undefined
  /** What a check that was given up on still does: it is not begun again before it ends. */
  private hanging = false
  private timer: Timer | undefined = undefined
  private stopped = false
  /** Of the run that is under way. */
  private deadline: Timer | undefined = undefined
  /** Somebody waits for the run that is under way. */
  private awaited = false
  /** Ends the run that is under way, as its timeout would. */
  private giveUp: (() => void) | undefined = undefined

  constructor(
    name: string,
    run: CheckFn,
    rules: CheckRules,
    clock: Clock,
    onResult: (before: CheckResult, after: CheckResult) => void,
  ) {
    this.name = name
    this.run = run
    this.rules = rules
    this.clock = clock
    this.onResult = onResult
    this.registeredAt = clock.now()
    this.wait(0)
  }

  /** Joins a run that is under way, and keeps the process alive until it ends: somebody waits for it. */
  check(): Promise<void> {
    this.awaited = true
    this.deadline?.ref?.()
    return this.begin()
  }

  private begin(): Promise<void> {
    this.running ??= this.once().finally(() => {
      this.running = undefined
      this.awaited = false
      if (!this.stopped) this.wait(this.rules.intervalMs)
    })
    return this.running
  }

  report(): CheckReport {
    const { kind, critical, maxAgeMs } = this.rules
    const ageMs = this.clock.now() - (this.knownAt ?? this.registeredAt)
    const expired = this.knownAt !== undefined && ageMs > maxAgeMs
    const result: CheckResult = expired
      ? { status: 'fail', output: `the last result is ${Math.round(ageMs)} ms old` }
      : this.result
    return { ...result, kind, critical, ageMs: Math.round(ageMs), durationMs: Math.round(this.durationMs) }
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.giveUp?.()
  }

  private wait(delayMs: number): void {
    this.timer?.cancel()
    this.timer = this.clock.setTimeout(() => void this.begin(), delayMs)
    // Watching a process is no reason for it to go on.
    this.timer.unref?.()
  }

  private async once(): Promise<void> {
    if (this.hanging)
      return this.know({ status: 'fail', output: 'the check before has not ended yet' }, this.clock.now())
    const startedAt = this.clock.now()
    const controller = new AbortController()
    const { timeoutMs } = this.rules
    const late = new Promise<CheckResult>((resolve) => {
      const end = (name: string, output: string): void => {
        resolve({ status: 'fail', output })
        controller.abort(new DOMException(output, name))
      }
      this.giveUp = () => end('AbortError', 'the check was unregistered')
      const onLate = (): void => end('TimeoutError', `the check took longer than ${timeoutMs} ms`)
      this.deadline = this.clock.setTimeout(onLate, timeoutMs)
      // Nor is it for one that hangs.
      if (!this.awaited) this.deadline.unref?.()
    })
    this.hanging = true
    const answer = this.ask(controller.signal).finally(() => {
      this.hanging = false
    })
    const result = await Promise.race([answer, late])
    this.deadline?.cancel()
    this.deadline = undefined
    this.giveUp = undefined
    this.know(result, startedAt)
  }

  private async ask(signal: AbortSignal): Promise<CheckResult> {
    try {
      return resultOf(await this.run(signal))
    } catch (error) {
      return { status: 'fail', output: reasonOf(error) }
    }
  }

  private know(result: CheckResult, startedAt: number): void {
    const before = this.result
    this.result = result
    this.knownAt = this.clock.now()
    this.durationMs = this.knownAt - startedAt
    if (!this.stopped) this.onResult(before, result)
  }
}
