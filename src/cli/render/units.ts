// Numbers as narrow table cells. In sentences they are said by events/words.ts.

const UNKNOWN = '-'
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** "450ms", "12s", "3m 2s", "2h 5m", "3d 4h": at most two units, rounded down, so that a time never seems longer than it was. */
export function shortDuration(ms: number | null): string {
  if (ms === null) return UNKNOWN
  if (ms < SECOND_MS) return `${Math.max(0, Math.floor(ms))}ms`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`
  if (ms < HOUR_MS) return twoUnits(ms, MINUTE_MS, 'm', SECOND_MS, 's')
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, 'h', MINUTE_MS, 'm')
  return twoUnits(ms, DAY_MS, 'd', HOUR_MS, 'h')
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs)
  const whole = `${Math.floor(ms / largeMs)}${large}`
  return rest === 0 ? whole : `${whole} ${rest}${small}`
}

const SIZE_UNITS = ['B', 'K', 'M', 'G', 'T'] as const

/** "512B", "3.4K", "82M", "1.2G": powers of 1024. */
export function shortSize(bytes: number | null): string {
  if (bytes === null) return UNKNOWN
  let amount = bytes
  let unit = 0
  while (amount >= 1023.5 && unit < SIZE_UNITS.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${unit > 0 && amount < 9.95 ? amount.toFixed(1) : Math.round(amount)}${SIZE_UNITS[unit]}`
}

/** "0.3%", "12%", "140%". */
export function shortPercent(percent: number | null): string {
  if (percent === null) return UNKNOWN
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`
}

/** Event-loop delay: "0.4ms", "12ms", "3s". */
export function shortDelay(ms: number | null): string {
  if (ms === null) return UNKNOWN
  return ms < 9.95 ? `${ms.toFixed(1)}ms` : shortDuration(ms)
}

export function shortNumber(value: number | null): string {
  return value === null ? UNKNOWN : String(value)
}
