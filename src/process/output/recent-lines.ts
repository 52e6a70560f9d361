// The newest lines, for `resil logs` and for a worker's last words. Bounded by lines and by characters.
// Memory: at most maxChars characters (one byte each; two in lines beyond Latin-1) plus some 130 bytes per line.

import type { LogLine } from '../../protocol/control.ts'

export interface RecentLines {
  push(line: LogLine): void
  /** Oldest first. */
  recent(): readonly LogLine[]
  /** The newest `count` lines that an app's worker wrote to either stream, oldest first; null slot: any of its workers. */
  lastWords(app: string, slot: number | null, count: number): readonly LogLine[]
  /** Is given whole lines, also those that are remembered in part. */
  subscribe(listener: (line: LogLine) => void): { close(): void }
}

export interface RecentLinesBounds {
  readonly maxLines: number
  readonly maxChars: number
}

/** At most 1 MiB all told: 360 Ki characters at two bytes, and 2,000 lines at 130. */
export const RECENT_LINES: RecentLinesBounds = { maxLines: 2000, maxChars: 360 * 1024 }

/** One line may take so much of the memory, so that a long one does not push out all the others. */
const LARGEST_SHARE = 1 / 8

/** `onFault` is told what a listener threw; that listener hears nothing more. */
export function createRecentLines(
  { maxLines, maxChars }: RecentLinesBounds,
  onFault: (error: unknown) => void,
): RecentLines {
  const subscriptions = new Set<{ readonly listener: (line: LogLine) => void }>()
  const longest = Math.floor(maxChars * LARGEST_SHARE)
  // A ring: `oldest` moves on, and its array never shifts.
  const ring = new Array<LogLine | undefined>(maxLines)
  let oldest = 0
  let held = 0
  let chars = 0

  function dropOldest(): void {
    chars -= ring[oldest]?.text.length ?? 0
    ring[oldest] = undefined
    oldest = (oldest + 1) % maxLines
    held -= 1
  }

  function at(index: number): LogLine {
    return ring[(oldest + index) % maxLines] as LogLine
  }

  return {
    push(line) {
      const kept = line.text.length > longest ? shortened(line, longest) : line
      while (held === maxLines || (held > 0 && chars + kept.text.length > maxChars)) dropOldest()
      ring[(oldest + held) % maxLines] = kept
      held += 1
      chars += kept.text.length
      for (const subscription of subscriptions) {
        try {
          subscription.listener(line)
        } catch (error) {
          subscriptions.delete(subscription)
          onFault(error)
        }
      }
    },
    recent: () => Array.from({ length: held }, (_, index) => at(index)),
    lastWords(app, slot, count) {
      const words: LogLine[] = []
      for (let index = held - 1; index >= 0 && words.length < count; index -= 1) {
        const line = at(index)
        if (line.stream !== 'resil' && line.app === app && (slot === null || line.slot === slot)) words.push(line)
      }
      return words.reverse()
    },
    subscribe(listener) {
      const subscription = { listener }
      subscriptions.add(subscription)
      return { close: () => void subscriptions.delete(subscription) }
    },
  }
}

function shortened(line: LogLine, longest: number): LogLine {
  const mark = ` …(${line.text.length - longest} more characters)`
  // Through a buffer: V8 keeps all of the long string alive behind a slice of it.
  const head = Buffer.from(line.text.slice(0, Math.max(0, longest - mark.length)), 'utf8').toString('utf8')
  return { ...line, text: head + mark }
}
