// Whole lines waiting to be written, as bytes in large chunks: a line costs no object of its own.
// When to write, and what becomes of failures, is the sink's.

/** Large, so that a file takes much in one write; what is not touched takes no memory. */
const CHUNK_BYTES = 256 * 1024
/** A chunk that was used beyond this is given back once it is empty. */
const KEPT_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** Filled up to `end`, written up to `start`. */
interface Chunk {
  readonly bytes: Buffer
  start: number
  end: number
}

export interface LineQueue {
  /** Bytes that wait. */
  readonly size: number
  add(line: string, byteLength: number): void
  /** What may be written next, in one piece; null: nothing waits. Valid until the next call of anything but `add`. */
  peek(): Buffer | null
  /** So many bytes of what was peeked have been written. */
  advance(written: number): void
  /** Whether what was written last ends inside a line whose rest is next. */
  isInsideLine(): boolean
  /** Gives up what was peeked, including the rest of a line that is written in part; returns how much is lost. */
  dropPeeked(): { readonly lines: number; readonly bytes: number }
}

export function createLineQueue(): LineQueue {
  const chunks: Chunk[] = []
  let size = 0

  /** The first chunk that has bytes. Empty ones go, but for one that can serve again: most lines then need no memory. */
  function head(): Chunk | null {
    for (let chunk = chunks[0]; chunk !== undefined; chunk = chunks[0]) {
      if (chunk.start < chunk.end) return chunk
      if (chunks.length === 1 && chunk.end <= KEPT_BYTES) {
        chunk.start = 0
        chunk.end = 0
        return null
      }
      chunks.shift()
    }
    return null
  }

  function isInsideLine(): boolean {
    const chunk = head()
    return chunk !== null && chunk.start > 0 && chunk.bytes[chunk.start - 1] !== NEWLINE
  }

  return {
    get size() {
      return size
    },
    add(line, byteLength) {
      let chunk = chunks.at(-1)
      if (chunk === undefined || chunk.end + byteLength > chunk.bytes.length) {
        chunk = { bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, byteLength)), start: 0, end: 0 }
        chunks.push(chunk)
      }
      chunk.end += chunk.bytes.write(line, chunk.end, 'utf8')
      size += byteLength
    },
    peek() {
      const chunk = head()
      return chunk === null ? null : chunk.bytes.subarray(chunk.start, chunk.end)
    },
    advance(written) {
      const chunk = head()
      if (chunk !== null) chunk.start += written
      size -= written
    },
    isInsideLine,
    dropPeeked() {
      const chunk = head()
      if (chunk === null) return { lines: 0, bytes: 0 }
      size -= chunk.end - chunk.start
      // A line of which only the end is missing is not lost: the next write ends it.
      const from = isInsideLine() && chunk.bytes[chunk.start] === NEWLINE ? chunk.start + 1 : chunk.start
      const lost = chunk.bytes.subarray(from, chunk.end)
      chunk.start = chunk.end
      return { lines: countLines(lost), bytes: lost.length }
    },
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}
