// The newest lines in a fixed piece of memory. Texts lie in one buffer and the rest in typed arrays: as objects, lines that
// live for a while and then die made V8 grow its young generation by some 20 MiB under a steady log.

import type { LogLine } from '../../protocol/control.ts'

export interface LineRing {
  readonly length: number
  push(line: LogLine): void
  /** 0 is the oldest. */
  at(index: number): LogLine
  /** Whether the line is of the app, and of the slot unless that is null; without making an object of it. */
  isOf(index: number, app: string, slot: number | null): boolean
}

export interface LineRingBounds {
  readonly maxLines: number
  /** Of text in UTF-8, with one byte more for each line. */
  readonly maxBytes: number
}

const STREAMS = ['stdout', 'stderr', 'resil'] as const
/** Stands for null among slots and pids. */
const NONE = -1
/** One line may take so much of the buffer, so that a long one does not push out all the others. */
const LARGEST_SHARE = 1 / 8

export function createLineRing({ maxLines, maxBytes }: LineRingBounds): LineRing {
  const text = Buffer.allocUnsafeSlow(maxBytes)
  const longest = Math.floor(maxBytes * LARGEST_SHARE)
  const ats = new Float64Array(maxLines)
  const offsets = new Uint32Array(maxLines)
  const lengths = new Uint32Array(maxLines)
  const slots = new Int32Array(maxLines)
  const pids = new Int32Array(maxLines)
  const streams = new Uint8Array(maxLines)
  const apps = new Array<string | null>(maxLines).fill(null)
  let oldest = 0
  let length = 0
  /** Where the next text goes. */
  let end = 0

  function dropOldest(): void {
    oldest = (oldest + 1) % maxLines
    length -= 1
  }

  /** Makes room for so many bytes behind `end`, in one piece. */
  function reserve(bytes: number): void {
    if (end + bytes > maxBytes) {
      // What lies behind here is of the lap before, and would no longer be in order.
      while (length > 0 && offsetOf(oldest) >= end) dropOldest()
      end = 0
    }
    while (length === maxLines) dropOldest()
    while (length > 0 && offsetOf(oldest) >= end && offsetOf(oldest) < end + bytes) dropOldest()
  }

  function offsetOf(place: number): number {
    return offsets[place] ?? 0
  }

  /** Returns how many bytes the text takes. */
  function store(line: string): number {
    const bytes = Buffer.byteLength(line)
    if (bytes <= longest) {
      // The byte more keeps empty lines apart: each has a place of its own.
      reserve(bytes + 1)
      return text.write(line, end)
    }
    reserve(longest + 1)
    const mark = ` …(${bytes} bytes in all)`
    // Only whole characters are written.
    const head = text.write(line, end, longest - Buffer.byteLength(mark))
    return head + text.write(mark, end + head)
  }

  return {
    get length() {
      return length
    },
    push({ at, app, slot, pid, stream, text: line }) {
      const bytes = store(line)
      const place = (oldest + length) % maxLines
      length += 1
      ats[place] = at
      offsets[place] = end
      lengths[place] = bytes
      slots[place] = slot ?? NONE
      pids[place] = pid ?? NONE
      streams[place] = STREAMS.indexOf(stream)
      apps[place] = app
      end += bytes + 1
    },
    at(index) {
      const place = (oldest + index) % maxLines
      const [slot = NONE, pid = NONE] = [slots[place], pids[place]]
      return {
        at: ats[place] ?? 0,
        app: apps[place] ?? null,
        slot: slot === NONE ? null : slot,
        pid: pid === NONE ? null : pid,
        stream: STREAMS[streams[place] ?? 0] ?? 'stdout',
        text: text.toString('utf8', offsetOf(place), offsetOf(place) + (lengths[place] ?? 0)),
      }
    },
    isOf(index, app, slot) {
      const place = (oldest + index) % maxLines
      return apps[place] === app && (slot === null || slots[place] === slot)
    },
  }
}
