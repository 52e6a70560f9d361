// Bytes of a socket → lines, for both ends of the control protocol. A line over the limit is reported once and skipped whole.

const NEWLINE = 0x0a

/** Returns what takes the next chunk. Memory: at most `maxBytes` and one chunk. */
export function lineReader(options: {
  readonly maxBytes: number
  readonly onLine: (line: string) => void
  readonly onTooLong: () => void
}): (chunk: Buffer) => void {
  const { maxBytes, onLine, onTooLong } = options
  // Parts of the line that has not ended yet; joined once, so that one byte per chunk costs no copy of all per byte.
  let parts: Buffer[] = []
  let length = 0
  let skipping = false

  function take(part: Buffer): void {
    if (skipping) return
    length += part.length
    if (length <= maxBytes) {
      parts.push(part)
      return
    }
    parts = []
    skipping = true
    onTooLong()
  }

  function finish(): void {
    const line = skipping ? null : Buffer.concat(parts, length).toString('utf8')
    parts = []
    length = 0
    skipping = false
    if (line !== null) onLine(line)
  }

  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end))
      finish()
      start = end + 1
    }
    if (start < chunk.length) take(chunk.subarray(start))
  }
}
