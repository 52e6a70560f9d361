// A bounded queue of whole lines in front of a target. Writers never wait and never fail: past the bound, or where the
// target fails, lines are dropped and counted. When and how that is told: drop-report.ts.

import type { Clock, Timer } from '../../clock.ts'
import type { Drops } from './drop-report.ts'
import { isGone, type Target, WOULD_BLOCK } from './target.ts'

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

const CHUNK_BYTES = 64 * 1024
const URGENT_BYTES = 64 * 1024
/** How often a full pipe is tried again: soon at first, as a busy reader needs; then seldom, for a stopped one. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50

const NEWLINE = 0x0a
const TORN_LINE_END = Buffer.from('\n')

/** Filled up to `end`, written up to `start`. */
interface Chunk {
  readonly bytes: Buffer
  start: number
  end: number
}

export function createSink({ target, clock, maxBytes, onDropped, onDrained }: SinkOptions): Sink {
  const chunks: Chunk[] = []
  let queuedBytes = 0
  let running = false
  let gone: string | null = null
  let closed = false
  /** The last write failed: that the queue is empty says nothing then. */
  let failed = false
  /** The last line before a failed write is there in part: what comes next must not be glued to it. */
  let torn = false
  const waiting = new Set<() => void>()
  let pause: Timer | null = null

  function append(line: string, byteLength: number): void {
    let chunk = chunks.at(-1)
    if (chunk === undefined || chunk.end + byteLength > chunk.bytes.length) {
      chunk = { bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, byteLength)), start: 0, end: 0 }
      chunks.push(chunk)
    }
    chunk.end += chunk.bytes.write(line, chunk.end, 'utf8')
    queuedBytes += byteLength
  }

  /** The first chunk that has bytes. Empty ones go, but for a last one of ordinary size: most lines then need no memory. */
  function head(): Chunk | null {
    for (let chunk = chunks[0]; chunk !== undefined; chunk = chunks[0]) {
      if (chunk.start < chunk.end) return chunk
      chunk.start = 0
      chunk.end = 0
      if (chunks.length === 1 && chunk.bytes.length === CHUNK_BYTES) return null
      chunks.shift()
    }
    return null
  }

  function drop(chunk: Chunk, error: string | null): void {
    queuedBytes -= chunk.end - chunk.start
    // A line of which only the end is missing is not lost: the next write ends it.
    if (isInsideLine(chunk) && chunk.bytes[chunk.start] === NEWLINE) chunk.start += 1
    const lost = chunk.bytes.subarray(chunk.start, chunk.end)
    chunk.start = chunk.end
    if (lost.length > 0) onDropped({ lines: countLines(lost), bytes: lost.length, error })
  }

  function dropAll(error: string | null): void {
    for (const chunk of chunks) drop(chunk, error)
    chunks.length = 0
  }

  async function run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    // Lines that come in one turn of the event loop are written together.
    await null
    for (let chunk = head(); chunk !== null && !closed; chunk = head()) {
      const part = torn ? TORN_LINE_END : chunk.bytes.subarray(chunk.start, chunk.end)
      const { written, error } = await target.write(part)
      if (closed) return
      if (torn) torn = written === 0
      else advance(chunk, written)
      if (written > 0) pauseMs = FIRST_PAUSE_MS
      if (error === null) continue
      if (error === WOULD_BLOCK) {
        await sleep(pauseMs)
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
        continue
      }
      torn ||= isInsideLine(chunk)
      if (isGone(error)) {
        gone = error
        dropAll(error)
      } else {
        drop(chunk, error)
      }
      failed = true
    }
    running = false
    if (!failed) onDrained()
    settle()
  }

  function advance(chunk: Chunk, written: number): void {
    chunk.start += written
    queuedBytes -= written
    if (written > 0) failed = false
  }
  function sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      pause = clock.setTimeout(resolve, delayMs)
    })
  }

  function settle(): void {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  return {
    write(line, urgent = false) {
      const byteLength = Buffer.byteLength(line)
      if (closed || gone !== null || queuedBytes + byteLength > maxBytes + (urgent ? URGENT_BYTES : 0)) {
        onDropped({ lines: 1, bytes: byteLength, error: gone })
        return
      }
      append(line, byteLength)
      if (running) return
      running = true
      void run()
    },
    flush(deadlineMs) {
      if (!running || closed) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = clock.setTimeout(resolve, deadlineMs)
        waiting.add(() => {
          timer.cancel()
          resolve()
        })
      })
    },
    close() {
      if (closed) return
      closed = true
      pause?.cancel()
      dropAll(null)
      settle()
      target.close()
    },
  }
}

/** The first bytes of its next line are written already. */
function isInsideLine({ bytes, start }: Chunk): boolean {
  return start > 0 && bytes[start - 1] !== NEWLINE
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}
