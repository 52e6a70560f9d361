// What a supervisor that starts in the background tells the command that started it, through a pipe: JSON lines, until the
// command has heard enough and closes its end.

import { closeSync, writeSync } from 'node:fs'
import { messageOf, ResilError } from '../../errors.ts'
import type { PublishedEvent } from '../../events/events.ts'

export type ReportLine =
  | {
      readonly type: 'placed'
      readonly name: string
      readonly socket: string
      readonly logFile: string
      /** Bytes that were in the log file before. */
      readonly logFrom: number
      readonly apps: readonly string[]
    }
  | { readonly type: 'event'; readonly event: PublishedEvent }
  /** It could not even begin. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly details: readonly string[] }

export interface Report {
  say(line: ReportLine): void
  fail(error: unknown): void
}

export function openReport(fd: number): Report {
  let open = true

  function say(line: ReportLine): void {
    if (!open) return
    try {
      writeSync(fd, `${JSON.stringify(line)}\n`)
    } catch {
      // Nobody listens any more: the start has succeeded, or the person has left.
      open = false
      closeQuietly(fd)
    }
  }

  return {
    say,
    fail: (error) => {
      const known = error instanceof ResilError
      const details = known ? error.details : []
      say({ type: 'failed', code: known ? error.code : 'RESIL_INTERNAL', message: messageOf(error), details })
    },
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // It never was one.
  }
}
