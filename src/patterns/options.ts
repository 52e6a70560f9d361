// Options are checked once, at construction: a bad value or an unknown key throws and says what would be right.

import type { Clock } from '../clock.ts'
import type { StrategyKind } from './strategy-kind.ts'

export interface CommonOptions {
  /** Identity in status, metrics and events. Default `<kind>-<n>`. */
  readonly name?: string | undefined
  /** Strategies of one pipeline share one. Default the system's. */
  readonly clock?: Clock | undefined
  /** [0, 1). Default Math.random. */
  readonly random?: (() => number) | undefined
}

/**
 * How far a limit reaches. `cluster` and `store` need a name, it is what workers will agree on. So far nothing is shared: they
 * act as `worker`, and say so in metrics().scope.
 */
export type ScopeOptions =
  | { readonly scope?: 'worker' | undefined }
  | {
      readonly scope: 'cluster' | 'store'
      readonly name: string
      /** store only: throw rather than fall back. Default false. */
      readonly strict?: boolean | undefined
    }

/** Throws for keys that are not known: a misspelt option would silently be a default. */
export function checkKeys(of: string, options: object, known: readonly string[]): void {
  checkObject(of, options)
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const meant = known.find((name) => alike(name, key))
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`
    throw new TypeError(`${of}: unknown option "${key}"; ${hint}`)
  }
}

/** For the guide's own spellings, which are closed shapes: what else there is goes with today's words. `instead` are those. */
export function checkClassicKeys(
  of: string,
  options: object,
  classic: readonly string[],
  modern: readonly string[],
  instead: string,
): void {
  const mixed = Object.keys(options).find((key) => !classic.includes(key) && modern.includes(key))
  if (mixed === undefined) return checkKeys(of, options, classic)
  const words = classic.filter((key) => key !== 'name').join(', ')
  throw new TypeError(`${of}: "${mixed}" does not go with the classic spelling (${words}); write ${instead}`)
}

export interface Range {
  readonly min?: number
  /** `min` itself is not allowed. */
  readonly above?: number
  readonly max?: number
  readonly integer?: boolean
}

/** The value, or the default where it is undefined. Infinity is allowed unless `max` or `integer` forbid it. */
export function numberOption(of: string, key: string, value: unknown, fallback: number, range: Range): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw new TypeError(`${of}: ${key} must be a number, got ${show(value)}`)
  const { min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range
  const inRange = value >= min && value > above && value <= max
  if (!inRange || (range.integer === true && !Number.isSafeInteger(value))) {
    throw new RangeError(`${of}: ${key} must be ${describe(range)}, got ${value}`)
  }
  return value
}

export function functionOption<F>(of: string, key: string, value: F | undefined): F | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${of}: ${key} must be a function, got ${show(value)}`)
  }
  return value
}

export function booleanOption<F>(of: string, key: string, value: unknown, fallback: F): boolean | F {
  if (value === undefined) return fallback
  // "false" would be true.
  if (typeof value !== 'boolean') throw new TypeError(`${of}: ${key} must be true or false, got ${show(value)}`)
  return value
}

/** A clock by its parts: a test's own need not come from here. */
export function clockOption(of: string, clock: Clock | undefined): Clock | undefined {
  if (clock === undefined) return undefined
  for (const part of ['now', 'wallNow', 'setTimeout'] as const) {
    if (typeof clock?.[part] !== 'function') throw new TypeError(`${of}: clock needs ${part}(); see manualClock()`)
  }
  return clock
}

/** For the parts of an options object, where the first look at it comes before checkKeys. */
export function checkObject(of: string, options: object): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  throw new TypeError(`${of}: options must be an object, got ${show(options)}`)
}

export function oneOf<T extends string>(
  of: string,
  key: string,
  value: unknown,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback
  if ((allowed as readonly unknown[]).includes(value)) return value as T
  throw new RangeError(`${of}: ${key} must be one of ${allowed.join(', ')}, got ${show(value)}`)
}

/** What is given, over defaults: an option that is undefined is the default, also where it is spelled out. */
export function withDefaults<D extends object, O extends object>(defaults: D, given: O): D & O {
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(said) } as D & O
}

const counts = new Map<string, number>()

export function nameOption(kind: StrategyKind | 'retryBudget' | 'healthRegistry', name: unknown): string {
  if (name === undefined) {
    const next = (counts.get(kind) ?? 0) + 1
    counts.set(kind, next)
    return `${kind}-${next}`
  }
  if (typeof name !== 'string' || name === '') throw new TypeError(`${kind}: name must be a string, got ${show(name)}`)
  return name
}

export const COMMON_KEYS = ['name', 'clock', 'random'] as const
export const SCOPE_KEYS = ['scope', 'strict'] as const

/** A value on one line, short. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function describe({ min, above, max, integer }: Range): string {
  const noun = integer === true ? 'a whole number' : 'a number'
  const from = above !== undefined ? `above ${above}` : min !== undefined ? `of at least ${min}` : ''
  const to = max !== undefined ? `up to ${max}` : ''
  return [noun, from, to].filter((part) => part !== '').join(' ')
}

/** Same letters but for case, or one typing slip apart: added, lost, changed, or two swapped. */
function alike(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  if (x === y || x.startsWith(y) || y.startsWith(x)) return true
  let start = 0
  while (start < x.length && x[start] === y[start]) start += 1
  let end = 0
  while (end < Math.min(x.length, y.length) - start && x.at(-1 - end) === y.at(-1 - end)) end += 1
  const [left, right] = [x.length - start - end, y.length - start - end]
  return (
    Math.max(left, right) <= 1 || (left === 2 && right === 2 && x[start] === y[start + 1] && x[start + 1] === y[start])
  )
}
