// The generic cell rate algorithm (ITU-T I.371): a limit as one number, the time at which the next call would be on schedule.
// Spaces calls evenly, lets a burst through after idleness, and never needs a timer or a window. Pure.

export interface Rate {
  /** Between calls on schedule. */
  readonly intervalMs: number
  /** How far ahead of schedule a call may be: (burst - 1) intervals. */
  readonly toleranceMs: number
}

/** What adding intervals up may be off by. */
const ROUNDING_MS = 1e-6

/** How long until a call may go; 0 is now. */
export function waitMs(onScheduleAt: number, rate: Rate, now: number): number {
  const wait = onScheduleAt - rate.toleranceMs - now
  return wait <= ROUNDING_MS ? 0 : wait
}

/** The schedule after a call at `now`. */
export function afterCall(onScheduleAt: number, rate: Rate, now: number): number {
  return Math.max(onScheduleAt, now) + rate.intervalMs
}

/** Calls that may go now. */
export function available(onScheduleAt: number, rate: Rate, now: number): number {
  const ahead = now + rate.toleranceMs - Math.max(onScheduleAt, now) + ROUNDING_MS
  return ahead < 0 ? 0 : Math.floor(ahead / rate.intervalMs) + 1
}
