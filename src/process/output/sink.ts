// A bounded queue of whole lines in front of a target. Writers never wait and never fail: past the bound, or where the
// target fails, lines are dropped and counted. When and how that is told: drop-report.ts.

import type { Clock, Timer } from '../../clock.ts'
import type { Drops } from './drop-report.ts'
import { createLineQueue } from './line-queue.ts'
import { isGone, type Target, WOULD_BLOCK, type Written } from './target.ts'

export interface SinkOptions {
  readonly target: Target
  readonly clock: Clock
  readonly maxBytes: number
  readonly onDropped: (drops: Drops) => void
  /** The queue has become empty, with a target that takes lines. */
  readonly onDrained: () => void
}

export interface Sink {
  /** One line with its newline. `urgent` lines, which are resil's own, have some room left beyond the bound. */
  write(line: string, urgent?: boolean): void
  /** Resolves when the queue is empty, or after `deadlineMs`, whichever is first. */
  flush(deadlineMs: number): Promise<void>
  /** What is still queued is lost, and counted. */
  close(): void
}

const URGENT_BYTES = 64 * 1024
/** How often a full pipe is tried again: soon at first, as a busy reader needs; then seldom, for a stopped one. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50
/** And whenever so much has been added, a pipe's capacity: in a burst, no timer gets its turn while workers are read. */
const TRY_AFTER_BYTES = 64 * 1024

const LINE_END = Buffer.from('\n')

export function createSink({ target, clock, maxBytes, onDropped, onDrained }: SinkOptions): Sink {
  const queue = createLineQueue()
  const waiting = new Set<() => void>()
  /** idle: nothing waits. due: at the end of this turn. writing: the target answers later. full: a timer tries again. */
  let state: 'idle' | 'due' | 'writing' | 'full' | 'closed' = 'idle'
  let pause: Timer | null = null
  let pauseMs = FIRST_PAUSE_MS
  let untriedBytes = 0
  let gone: string | null = null
  /** The last write failed: that the queue is empty says nothing then. */
  let failed = false
  /** The last line before a failed write is there in part: what comes next must not be glued to it. */
  let torn = false

  function run(): void {
    pause?.cancel()
    untriedBytes = 0
    for (let bytes = queue.peek(); bytes !== null; bytes = queue.peek()) {
      const result = target.write(torn ? LINE_END : bytes)
      if (result instanceof Promise) {
        state = 'writing'
        void result.then((written) => {
          if (state !== 'closed' && mayGoOn(written)) run()
        })
        return
      }
      if (!mayGoOn(result)) return
    }
    state = 'idle'
    if (!failed) onDrained()
    settle()
  }

  /** false: the target takes no more now, and a timer is set. */
  function mayGoOn({ written, error }: Written): boolean {
    if (written > 0) {
      if (torn) torn = false
      else queue.advance(written)
      pauseMs = FIRST_PAUSE_MS
      failed = false
    }
    if (error === null) return true
    if (error === WOULD_BLOCK) {
      state = 'full'
      pause = clock.setTimeout(run, pauseMs)
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
      return false
    }
    failed = true
    torn ||= queue.isInsideLine()
    if (isGone(error)) gone = error
    do drop(error)
    while (gone !== null && queue.size > 0)
    return true
  }

  function drop(error: string | null): void {
    const lost = queue.dropPeeked()
    if (lost.bytes > 0) onDropped({ ...lost, error })
  }

  function settle(): void {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  return {
    write(line, urgent = false) {
      const byteLength = Buffer.byteLength(line)
      const room = maxBytes + (urgent ? URGENT_BYTES : 0)
      if (state === 'closed' || gone !== null || queue.size + byteLength > room) {
        onDropped({ lines: 1, bytes: byteLength, error: gone })
        return
      }
      queue.add(line, byteLength)
      untriedBytes += byteLength
      if (state === 'idle') {
        state = 'due'
        // Lines that come in one turn of the event loop are written together.
        queueMicrotask(() => {
          if (state === 'due') run()
        })
      } else if (state !== 'writing' && untriedBytes >= TRY_AFTER_BYTES) {
        run()
      }
    },
    flush(deadlineMs) {
      if (state === 'idle' || state === 'closed') return Promise.resolve()
      return new Promise((resolve) => {
        const timer = clock.setTimeout(resolve, deadlineMs)
        waiting.add(() => {
          timer.cancel()
          resolve()
        })
      })
    },
    close() {
      if (state === 'closed') return
      state = 'closed'
      pause?.cancel()
      while (queue.size > 0) drop(null)
      settle()
      target.close()
    },
  }
}
