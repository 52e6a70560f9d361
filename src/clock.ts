// Time as an argument: whoever needs "now" or a timer is given a Clock, so tests can turn the hands.

/** Monotonic milliseconds decide; wall milliseconds only stamp what people read. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary origin. Never goes back, also when the wall clock is set. */
  now(): number
  /** Milliseconds since the Unix epoch, for stamps only. */
  wallNow(): number
  setTimeout(run: () => void, delayMs: number): Timer
}

/** A pending timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void
  /** Keeps the process alive again after `unref`. A clock without a process behind it leaves both out. */
  ref?(): void
  /** Lets the process end although the timer is pending. */
  unref?(): void
}

/** Node clamps longer timers to 1 ms, which would turn "in a month" into a busy loop. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

// Node's global `performance` is a getter, a fifth of what a reading costs. Fake timers of test runners replace it together
// with setTimeout, which is looked up for nothing.
const { performance: hands, setTimeout: genuine } = globalThis

export const systemClock: Clock = {
  now: () => (setTimeout === genuine ? hands.now() : performance.now()),
  wallNow: () => Date.now(),
  setTimeout: (run, delayMs) => {
    if (delayMs > LONGEST_TIMER_MS) return inStages(run, delayMs)
    const timer = setTimeout(run, Math.max(0, delayMs))
    return {
      cancel: () => clearTimeout(timer),
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
    }
  },
}

function inStages(run: () => void, delayMs: number): Timer {
  let kept = true
  const arm = (restMs: number): NodeJS.Timeout => {
    const more = restMs - LONGEST_TIMER_MS
    const next = setTimeout(
      () => {
        if (more > 0) timer = arm(more)
        else run()
      },
      Math.min(restMs, LONGEST_TIMER_MS),
    )
    if (!kept) next.unref()
    return next
  }
  let timer = arm(delayMs)
  return {
    cancel: () => clearTimeout(timer),
    ref: () => {
      kept = true
      timer.ref()
    },
    unref: () => {
      kept = false
      timer.unref()
    },
  }
}
