// Hands events on once the log has their lines: whoever waits for an event, as `resil start -d` does, reads the log next.

import type { PublishedEvent } from '../../events/events.ts'

/** A log that can't be written keeps nobody waiting for longer. */
const PATIENCE_MS = 1_000

export interface AfterWriting {
  add(event: PublishedEvent): void
  /** Hands on what still waits. */
  release(): void
}

/** `written`: resolves when what was logged before is where a reader finds it, or `deadlineMs` have passed. */
export function handOnAfterWriting(
  written: (deadlineMs: number) => Promise<void>,
  handOn: (event: PublishedEvent) => void,
): AfterWriting {
  const waiting: PublishedEvent[] = []
  let going = false

  async function go(): Promise<void> {
    going = true
    while (waiting.length > 0) {
      // Those that come meanwhile may have lines that come after what is waited for.
      const count = waiting.length
      await written(PATIENCE_MS)
      for (const event of waiting.splice(0, count)) handOn(event)
    }
    going = false
  }

  return {
    add(event) {
      waiting.push(event)
      if (!going) void go()
    },
    release() {
      for (const event of waiting.splice(0)) handOn(event)
    },
  }
}
