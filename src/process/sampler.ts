// Measures workers from outside: a blocked worker can't report about itself. Once a second while somebody looks, else more rarely.

import pidusage from 'pidusage'
import type { Clock } from '../clock.ts'

export interface Sample {
  /** Per cent of one core since the sample before. */
  readonly cpu: number
  /** Bytes. */
  readonly rss: number
}

export interface Sampler {
  /** null: not sampled yet, or gone. */
  of(pid: number | null | undefined): Sample | null
  /** The same, from one who looks on all the time and is no reason to measure more often. */
  peek(pid: number | null | undefined): Sample | null
  close(): void
}

/** While somebody looks. */
const WATCHED_INTERVAL_MS = 1_000
/** Each sample costs some 2 ms of CPU, most of it to wake threads. */
const UNWATCHED_INTERVAL_MS = 5_000
/** A question keeps the sampler awake for so long: `status --watch` asks more often. */
const WATCHED_FOR_MS = 10_000
/** pidusage keeps a descriptor open for each pid that it has seen: in a crash loop its default of a minute would pile them up. */
const FORGET_AFTER_MS = 3 * UNWATCHED_INTERVAL_MS

export function startSampler(pids: () => readonly number[], clock: Clock): Sampler {
  let samples = new Map<number, Sample>()
  let askedAt = clock.now()
  let sampledAt = Number.NEGATIVE_INFINITY
  let closed = false

  const timer = setInterval(async () => {
    const now = clock.now()
    const dueMs = now - askedAt < WATCHED_FOR_MS ? WATCHED_INTERVAL_MS : UNWATCHED_INTERVAL_MS
    // The timer itself is never exact.
    if (now - sampledAt < dueMs - WATCHED_INTERVAL_MS / 2) return
    sampledAt = now
    // A pid that ends while it is read must not hide the others.
    const taken = await Promise.all(pids().map((pid) => take(pid)))
    if (!closed) samples = new Map(taken.filter((entry) => entry !== null))
  }, WATCHED_INTERVAL_MS)
  // Sampling alone is no reason to stay.
  timer.unref()

  const peek = (pid: number | null | undefined): Sample | null => (pid == null ? null : (samples.get(pid) ?? null))
  return {
    of: (pid) => {
      askedAt = clock.now()
      return peek(pid)
    },
    peek,
    close: () => {
      closed = true
      clearInterval(timer)
      pidusage.clear()
    },
  }
}

async function take(pid: number): Promise<[number, Sample] | null> {
  try {
    const { cpu, memory } = await pidusage(pid, { maxage: FORGET_AFTER_MS })
    return [pid, { cpu: Math.round(cpu * 10) / 10, rss: memory }]
  } catch {
    return null
  }
}
