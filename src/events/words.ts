// How people say numbers: durations, sizes, counts, and the names of workers. What is said about them is describe.ts's.

import { STANDBY_SLOT, type WorkerRef } from './worker-ref.ts'

/** "240 ms", "3.2 s", "45 s", "3 min 2 s", "2 h 5 min", "3 d 4 h": two units at most, and never "60 s" beside "1 min". */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'for ever'
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9_950) return `${Number((ms / 1000).toFixed(1))} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return inTwoUnits(seconds, 60, 'min', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return inTwoUnits(minutes, 60, 'h', 'min')
  return inTwoUnits(Math.round(minutes / 60), 24, 'd', 'h')
}

function inTwoUnits(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size
  const whole = `${Math.floor(amount / size)} ${large}`
  return rest === 0 ? whole : `${whole} ${rest} ${small}`
}

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** "512 B", "3.4 KiB", "8 MiB". */
export function size(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (amount >= 1023.5 && unit < SIZE_UNITS.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${amount < 9.95 && unit > 0 ? Number(amount.toFixed(1)) : Math.round(amount)} ${SIZE_UNITS[unit]}`
}

/** "1 worker", "4 workers". */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

/** "1st", "2nd", "3rd", "4th", "11th", "21st". */
export function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13
  const suffix = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${suffix}`
}

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** "web:2 (pid 4121)"; without the process id where there never was a process. */
export function workerName({ app, slot, pid }: WorkerRef): string {
  return pid === null ? slotName(app, slot) : `${slotName(app, slot)} (pid ${pid})`
}

/** "web:2", "web:standby", or "web" where all of the app is meant: what a person types to mean it. */
export function slotName(app: string, slot: number | null): string {
  if (slot === null) return app
  return slot === STANDBY_SLOT ? `${app}:standby` : `${app}:${slot}`
}
