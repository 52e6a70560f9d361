// The newest lines, for `resil logs` and for a worker's last words; and who wants to hear of new ones.
// How they are kept within bounds: line-ring.ts.

import type { LogLine } from '../../protocol/control.ts'
import { createLineRing, type LineRingBounds } from './line-ring.ts'

export interface RecentLines {
  push(line: LogLine): void
  /** Oldest first. */
  recent(): readonly LogLine[]
  /** The newest `count` lines that an app's worker wrote to either stream, oldest first; null slot: any of its workers. */
  lastWords(app: string, slot: number | null, count: number): readonly LogLine[]
  /** Is given whole lines, also those that are remembered in part. */
  subscribe(listener: (line: LogLine) => void): { close(): void }
}

/** With what belongs to each line less than 1 MiB, whatever the text. */
export const RECENT_LINES: LineRingBounds = { maxLines: 2000, maxBytes: 896 * 1024 }

/** `onFault` is told what a listener threw; that listener hears nothing more. */
export function createRecentLines(bounds: LineRingBounds, onFault: (error: unknown) => void): RecentLines {
  const ring = createLineRing(bounds)
  const subscriptions = new Set<{ readonly listener: (line: LogLine) => void }>()

  return {
    push(line) {
      ring.push(line)
      for (const subscription of subscriptions) {
        try {
          subscription.listener(line)
        } catch (error) {
          subscriptions.delete(subscription)
          onFault(error)
        }
      }
    },
    recent: () => Array.from({ length: ring.length }, (_, index) => ring.at(index)),
    lastWords(app, slot, count) {
      const words: LogLine[] = []
      for (let index = ring.length - 1; index >= 0 && words.length < count; index -= 1) {
        if (!ring.isOf(index, app, slot)) continue
        const line = ring.at(index)
        if (line.stream !== 'resil') words.push(line)
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
