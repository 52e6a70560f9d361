// Whether two boots said the same on stderr, apart from what differs by nature: pids, times, durations, addresses.
// Anything else that differs makes it another error: better shown twice than lost.

import type { LogLine } from '../../protocol/control.ts'

/** Order matters: the longer forms first. */
const VOLATILE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b0x[0-9a-f]+\b/gi, '<address>'],
  [/\b\d+(?:\.\d+)?\s?(?:ns|[µμu]s|ms|s|min)\b/g, '<duration>'],
  // node: "(node:4121) Warning", "(Use `node --trace-…"; and native stacks: "[4121:0x7f…]".
  [/\(node:\d+\)/g, '(node:<pid>)'],
]

/** Equal for two boots that said the same. */
export function fingerprint(lines: readonly LogLine[]): string {
  return lines.map(normalise).join('\n')
}

function normalise({ text, pid, at }: LogLine): string {
  let normal = text.replaceAll(/\b\d{13}\b/g, (digits) => (isAbout(at, Number(digits)) ? '<time>' : digits))
  if (pid !== null) normal = normal.replaceAll(new RegExp(`\\b${pid}\\b`, 'g'), '<pid>')
  for (const [pattern, name] of VOLATILE) normal = normal.replaceAll(pattern, name)
  return normal
}

/** Thirteen digits may be an order's number too; those close to now are a stamp. */
function isAbout(at: number, ms: number): boolean {
  return Math.abs(at - ms) < 3_600_000
}
