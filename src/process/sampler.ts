// Measures workers from outside: a blocked worker can't report about itself. Once a second; where each look is dear (no /proc), only
// while somebody looks or a watchdog needs it.

import type { Clock } from '../clock.ts'
import { measureByPidusage } from './pidusage.ts'
import { openStatReader, type StatReader } from './stat-reader.ts'

export interface Sample {
  /** Per cent of one core since the sample before; null: it is the first. */
  readonly cpu: number | null
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

const INTERVAL_MS = 1_000
/** Where a look costs some 2 ms of CPU, most of it to wake threads. */
const UNWATCHED_INTERVAL_MS = 5_000
/** A question keeps the sampler awake for so long: `status --watch` asks more often. */
const WATCHED_FOR_MS = 10_000

export function startSampler(options: {
  readonly pids: () => readonly number[]
  readonly clock: Clock
  /** Whether a watchdog waits for each sample. */
  readonly isNeeded: () => boolean
  readonly onSampled: (samples: ReadonlyMap<number, Sample>) => void
}): Sampler {
  const { pids, clock, isNeeded, onSampled } = options
  const reader = openStatReader()
  const measure = reader === null ? measureByPidusage() : measureByStat(reader, clock)
  let samples: ReadonlyMap<number, Sample> = new Map()
  let askedAt = clock.now()
  let sampledAt = Number.NEGATIVE_INFINITY
  let closed = false

  const timer = setInterval(() => {
    const now = clock.now()
    const isCheap = reader !== null || isNeeded() || now - askedAt < WATCHED_FOR_MS
    // The timer itself is never exact.
    if (now - sampledAt < (isCheap ? INTERVAL_MS : UNWATCHED_INTERVAL_MS) - INTERVAL_MS / 2) return
    sampledAt = now
    const taken = measure.take(pids())
    if (taken instanceof Promise) void taken.then(accept)
    else accept(taken)
  }, INTERVAL_MS)
  // Sampling alone is no reason to stay.
  timer.unref()

  const peek = (pid: number | null | undefined): Sample | null => (pid == null ? null : (samples.get(pid) ?? null))
  function accept(taken: ReadonlyMap<number, Sample>): void {
    if (closed) return
    samples = taken
    onSampled(taken)
  }

  return {
    of: (pid) => {
      askedAt = clock.now()
      return peek(pid)
    },
    peek,
    close: () => {
      closed = true
      clearInterval(timer)
      measure.close()
    },
  }
}

/** One way to measure. A pid that has ended is left out. */
export interface Measure {
  take(pids: readonly number[]): ReadonlyMap<number, Sample> | Promise<ReadonlyMap<number, Sample>>
  close(): void
}

function measureByStat(reader: StatReader, clock: Clock): Measure {
  let last = new Map<number, { readonly at: number; readonly cpuMs: number }>()
  return {
    take: (pids) => {
      const taken = new Map<number, Sample>()
      const next: typeof last = new Map()
      for (const pid of pids) {
        const stat = reader.read(pid)
        if (stat === null) continue
        const at = clock.now()
        const before = last.get(pid)
        const cpu = before === undefined ? null : (100 * (stat.cpuMs - before.cpuMs)) / Math.max(1, at - before.at)
        taken.set(pid, { cpu: cpu === null ? null : Math.round(cpu * 10) / 10, rss: stat.rssBytes })
        next.set(pid, { at, cpuMs: stat.cpuMs })
      }
      last = next
      reader.keep(new Set(pids))
      return taken
    },
    close: () => reader.close(),
  }
}
