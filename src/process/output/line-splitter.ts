// Bytes of one stream → lines of text. The same bytes give the same lines, however they were cut into chunks.
// What a line means, and where it goes, is not decided here.

/** Stands at the end of a part of a line that was too long to be kept whole. */
export const CONTINUED = ' …(the line goes on)'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** A larger buffer is given back once its line is out, so that one long line costs nothing for ever. */
const KEPT_CAPACITY_BYTES = 64 * 1024
const FIRST_CAPACITY_BYTES = 4 * 1024

export interface LineSplitter {
  write(chunk: Uint8Array): void
  /** The stream has ended: what is left is the last line, if anything is. */
  end(): void
}

/** Lines up to `maxBytes` stay whole; longer ones come in parts of at most that size, cut between characters and marked. */
export function createLineSplitter(onLine: (text: string) => void, maxBytes: number): LineSplitter {
  // A line's bytes that came in earlier chunks. Grows by doubling: one byte per chunk must not cost a copy of all per byte.
  let pending = Buffer.alloc(0)
  let length = 0

  function keep(bytes: Buffer): void {
    if (length + bytes.length > pending.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY_BYTES, pending.length * 2, length + bytes.length))
      pending.copy(grown, 0, 0, length)
      pending = grown
    }
    bytes.copy(pending, length)
    length += bytes.length
  }

  /** Gives the parts of `line` that exceed the limit, and returns where the rest begins. */
  function emitParts(line: Buffer): number {
    let start = 0
    while (line.length - start > maxBytes) {
      const end = charBoundary(line, start, start + maxBytes)
      onLine(line.toString('utf8', start, end) + CONTINUED)
      start = end
    }
    return start
  }

  function emitLine(line: Buffer): void {
    const start = emitParts(line)
    const end = line.length > start && line[line.length - 1] === CARRIAGE_RETURN ? line.length - 1 : line.length
    onLine(line.toString('utf8', start, end))
  }

  function release(): void {
    length = 0
    if (pending.length > KEPT_CAPACITY_BYTES) pending = Buffer.alloc(0)
  }

  return {
    write(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        if (length === 0) {
          emitLine(bytes.subarray(start, end))
        } else {
          keep(bytes.subarray(start, end))
          emitLine(pending.subarray(0, length))
          release()
        }
        start = end + 1
      }
      if (start === bytes.length) return
      keep(bytes.subarray(start))
      if (length <= maxBytes) return
      const rest = emitParts(pending.subarray(0, length))
      pending.copyWithin(0, rest, length)
      length -= rest
    },
    end() {
      if (length > 0) emitLine(pending.subarray(0, length))
      release()
    },
  }
}

/** The last place at or before `end` that is not inside a UTF-8 character; `end` itself where the bytes are no UTF-8. */
function charBoundary(bytes: Buffer, start: number, end: number): number {
  for (let at = end; at > start && at > end - 4; at -= 1) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at
  }
  return end
}
