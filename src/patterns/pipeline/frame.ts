// One call on its way through a pipeline: its outcome, its deadline, what each layer keeps for it, and what it waits for.
// Where it comes from is frame-for.ts; how it is cut off before it has ended, cut-off.ts.
//
// Frames are reused. What lives long must not point at what was just made, or the garbage collector pays for each call:
// a fresh frame with its closures costs more than the strategies themselves (bench/patterns has the numbers).

import { Attempt, Watch } from './attempt.ts'
import type { Action, Report } from './call.ts'
import { holdsAround, interrupt } from './cut-off.ts'
import type { Hold } from './hold.ts'
import type { Layer } from './layer.ts'
import { offAbort, onAbort } from './on-abort.ts'
import type { Bounds, Pending, Plan } from './pending.ts'

/** A frame that nobody uses has no plan; it is never read before one is set. */
const NO_PLAN = undefined as unknown as Plan
const NO_LAYER = undefined as unknown as Layer
const NO_ACTION = undefined as unknown as Action<unknown>
export const NO_ARGS: readonly unknown[] = []
const NO_HOLDS: readonly Hold[] = []
const promiseThen = Promise.prototype.then
/** Enough for usual pipelines; a longer one grows its frames. */
const USUAL_SLOTS = 8
/** Kept for reuse by all pipelines together, about 1 KB each. */
const MOST_IDLE = 64

export class Frame implements Bounds {
  plan: Plan = NO_PLAN
  action: Action<unknown> = NO_ACTION
  args: readonly unknown[] = NO_ARGS
  key: string | undefined = undefined
  priority = 0
  /** The outcome so far: a value, or the error. */
  ok = true
  value: unknown = undefined
  /** For layers that are cut: whether an action was cut off, or only a wait for one. */
  ranWhenCut = false
  /** When the nearest timeout ends it that this frame has entered itself, on the plan's clock. */
  deadline = Number.POSITIVE_INFINITY
  attempts = 0
  /** Whose answer the outcome is, if a fallback's. */
  degradedBy: string | undefined = undefined
  /** The innermost layer that it is inside of while parked. */
  at: Layer = NO_LAYER
  pending: Pending | undefined = undefined
  /** The one that it is a branch of (hedge, single flight). */
  parent: Frame | undefined = undefined
  bounds: Bounds | undefined = undefined
  /** Held until it ends, because it outlives the call that began it. */
  held: readonly Hold[] = NO_HOLDS
  readonly slots: unknown[] = Array.from<unknown>({ length: USUAL_SLOTS }).fill(undefined)
  /** As slots, but numbers: a plain slot would box each of them. */
  times: Float64Array = new Float64Array(USUAL_SLOTS)
  /** Nobody was given a promise of its own: the end goes back the way that the action's came. */
  private direct = false
  private reaction: Promise<unknown> | undefined = undefined
  private watch = new Watch(this)
  private resolve: ((value: unknown) => void) | undefined = undefined
  private reject: ((error: unknown) => void) | undefined = undefined
  private signal: AbortSignal | undefined = undefined
  private ownTimer: { cancel(): void } | undefined = undefined
  private reported = false
  /** Has options, arguments or relatives: most have none, and need no clearing up. */
  special = false
  private startedAt = 0.5
  /** Moves on with each reuse, so that what comes late can tell. */
  life = 0
  private readonly executor: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void
  private readonly onAbort: () => void

  constructor() {
    this.executor = (resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    }
    this.onAbort = () => interrupt(this, this.plan.end, this.signal?.reason)
  }

  /** The frame that a caller waits for. */
  get root(): Frame {
    let root: Frame = this
    while (root.parent !== undefined) root = root.parent
    return root
  }

  get nearestDeadline(): number {
    const { bounds, deadline } = this
    return bounds === undefined ? deadline : Math.min(deadline, bounds.nearestDeadline)
  }

  /** The usual call goes straight in, runs, and straight out: then the action's own reaction is the call's promise. */
  begin(): Promise<unknown> {
    if (this.special || this.plan.interrupts) {
      const promise = new Promise(this.executor)
      this.plan.first.enter(this)
      return promise
    }
    this.direct = true
    this.plan.first.enter(this)
    if (ended.frame === this) return ended.ok ? Promise.resolve(takeEnded()) : Promise.reject(takeEnded())
    return this.reaction ?? this.later()
  }

  /** It is parked: somebody else will settle it. */
  private later(): Promise<unknown> {
    this.direct = false
    return new Promise(this.executor)
  }

  /** Ends before it began. */
  refuse(error: unknown): Promise<unknown> {
    const promise = new Promise(this.executor)
    this.ok = false
    this.value = error
    this.settle()
    return promise
  }

  /** To be told as a value. */
  reporting(): this {
    this.special = true
    this.reported = true
    this.startedAt = this.plan.clock.now()
    return this
  }

  obey(signal: AbortSignal): void {
    this.signal = signal
    onAbort(signal, this.onAbort)
  }

  endWithin(timeoutMs: number, error: () => unknown): void {
    const { clock, end } = this.plan
    this.deadline = clock.now() + timeoutMs
    this.ownTimer = clock.setTimeout(() => interrupt(this, end, error()), timeoutMs)
  }

  /** Runs the action; its outcome comes back to `outer`. */
  run(outer: Layer): void {
    this.root.attempts += 1
    this.degradedBy = undefined
    this.start(this.action, outer)
  }

  /** As run, for an action that is no attempt of the call's own. */
  runInstead(action: Action<unknown>, outer: Layer): void {
    this.start(action, outer)
  }

  private start(action: Action<unknown>, outer: Layer): void {
    const attempt = new Attempt(this, this.root.attempts)
    // Taken before the action runs: it may abort its own call, which leaves this watch behind.
    const watch = this.watch
    this.pending = attempt
    this.at = outer
    let promise: Promise<unknown>
    try {
      promise = Promise.resolve(action(attempt))
    } catch (error) {
      promise = Promise.reject(error)
    }
    // The intrinsic, because a library may have given its promises another `then`.
    const reaction = promiseThen.call(promise, watch.onValue, watch.onError)
    if (this.direct) this.reaction = reaction
  }

  /** The action settled. What this returns or throws is the end of a direct call. */
  arrive(ok: boolean, value: unknown): unknown {
    const attempt = this.pending as Attempt
    attempt.frame = undefined
    this.pending = undefined
    this.ok = ok
    this.value = value
    this.reaction = undefined
    this.at.leave(this)
    if (ended.frame !== this) return this.direct ? (this.reaction ?? this.later()) : undefined
    if (ended.ok) return takeEnded()
    throw takeEnded()
  }

  /** Waits inside of `at` until somebody calls `wake`. */
  park(pending: Pending, at: Layer): void {
    this.pending = pending
    this.at = at
  }

  wake(): void {
    this.pending = undefined
  }

  /** The action runs on without a frame; what it must hold stays held until it settles. */
  abandon(): void {
    this.watch.leaveBehind(holdsAround(this))
    this.watch = new Watch(this)
  }

  /** The end of the call. */
  settle(): void {
    const { ok, value, resolve, reject } = this
    if (this.direct) {
      ended.frame = this
      ended.ok = ok
      ended.value = value
      this.retire()
      return
    }
    const report = this.reported ? this.report() : undefined
    this.retire()
    if (report !== undefined) resolve?.(report)
    else if (ok) resolve?.(value)
    else reject?.(value)
  }

  private report(): Report<unknown> {
    const { ok, value, attempts, degradedBy } = this
    const durationMs = this.plan.clock.now() - this.startedAt
    if (!ok) return { ok, error: value, durationMs, attempts, degradedBy: undefined }
    return { ok, value, durationMs, attempts, degradedBy }
  }

  /** Back to the idle ones. Nobody may point at it any more. */
  retire(): void {
    if (this.special) this.undress()
    this.life += 1
    this.action = NO_ACTION
    this.value = undefined
    this.attempts = 0
    this.degradedBy = undefined
    this.resolve = undefined
    this.reject = undefined
    this.direct = false
    this.reaction = undefined
    if (idle.length < MOST_IDLE) idle.push(this)
  }

  /** Back from whatever the usual call has not. */
  private undress(): void {
    this.special = false
    if (this.signal !== undefined) {
      offAbort(this.signal, this.onAbort)
      this.signal = undefined
    }
    this.ownTimer?.cancel()
    this.ownTimer = undefined
    this.deadline = Number.POSITIVE_INFINITY
    this.args = NO_ARGS
    this.key = undefined
    this.priority = 0
    this.reported = false
    for (const hold of this.held) hold.drop()
    this.held = NO_HOLDS
    this.bounds = undefined
    if (this.parent === undefined) return
    // What a branch's slots point at is of its call.
    this.parent = undefined
    this.slots.fill(undefined)
  }
}

/** Those that nobody uses; frame-for.ts takes from them. */
export const idle: Frame[] = []

/** How a direct call ended, for the caller of its last step, who takes it at once. */
const ended: { frame: Frame | undefined; ok: boolean; value: unknown } = {
  frame: undefined,
  ok: true,
  value: undefined,
}

function takeEnded(): unknown {
  const { value } = ended
  ended.frame = undefined
  ended.value = undefined
  return value
}
