// When to tell that output was lost: a failed write at once, the first time; slow readers when they have caught up;
// never more often than once in ten seconds, and every lost line in exactly one report.

import type { Clock, Timer } from '../../clock.ts'

const MIN_INTERVAL_MS = 10_000

export interface Drops {
  readonly lines: number
  readonly bytes: number
  /** null: the reader was too slow. */
  readonly error: string | null
}

export interface DropReport {
  add(drops: Drops): void
  /** Everything that was accepted has been written: what was lost can be told, and will be read. */
  recovered(): void
  /** Tells at once what has not been told yet. */
  settle(): void
  close(): void
}

export function createDropReport(clock: Clock, report: (drops: Drops) => void): DropReport {
  let lines = 0
  let bytes = 0
  let error: string | null = null
  /** The error that was told since things last went well. */
  let toldError: string | null = null
  let lastToldAt = Number.NEGATIVE_INFINITY
  let timer: Timer | null = null

  function tell(): void {
    timer?.cancel()
    timer = null
    if (lines === 0) return
    const drops = { lines, bytes, error }
    lines = 0
    bytes = 0
    lastToldAt = clock.now()
    report(drops)
  }

  return {
    add(drops) {
      lines += drops.lines
      bytes += drops.bytes
      error = drops.error
      if (error === null || error === toldError) return
      toldError = error
      tell()
    },
    recovered() {
      toldError = null
      if (lines === 0 || timer !== null) return
      const waitMs = lastToldAt + MIN_INTERVAL_MS - clock.now()
      if (waitMs <= 0) tell()
      else timer = clock.setTimeout(tell, waitMs)
    },
    settle: tell,
    close() {
      timer?.cancel()
      timer = null
    },
  }
}
