// Measures workers from outside once a second: a blocked worker can't report about itself.

import pidusage from 'pidusage'

export interface Sample {
  /** Per cent of one core since the sample before. */
  readonly cpu: number
  /** Bytes. */
  readonly rss: number
}

export interface Sampler {
  /** null: not sampled yet, or gone. */
  of(pid: number | null | undefined): Sample | null
  close(): void
}

const INTERVAL_MS = 1_000
/** pidusage keeps a descriptor open for each pid that it has seen: in a crash loop its default of a minute would pile them up. */
const FORGET_AFTER_MS = 3 * INTERVAL_MS

export function startSampler(pids: () => readonly number[]): Sampler {
  let samples = new Map<number, Sample>()
  let closed = false

  const timer = setInterval(async () => {
    const wanted = [...pids()]
    if (wanted.length === 0) return
    // A pid that ends while it is read must not hide the others.
    const taken = await Promise.all(wanted.map((pid) => take(pid)))
    if (closed) return
    samples = new Map(taken.filter((entry) => entry !== null))
  }, INTERVAL_MS)
  // Sampling alone is no reason to stay.
  timer.unref()

  return {
    of: (pid) => (pid == null ? null : (samples.get(pid) ?? null)),
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
