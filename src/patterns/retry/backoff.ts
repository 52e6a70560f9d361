// How long to wait before the n-th retry. Pure: chance is an argument. The cap comes before the jitter, so that the longest
// waits stay spread out, and every delay is finite however often one tries.

import { checkKeys, numberOption, show } from '../options.ts'

/** Stateless, so one object serves all calls. */
export interface Backoff {
  /** `retry` counts from 1; `previousMs` is the delay before it, 0 at first. The answer is finite and at least 0. */
  delayMs(retry: number, previousMs: number, random: () => number): number
}

export interface ExponentialBackoffOptions {
  /** Default 100 (AWS SDKs), or maxMs if that is less. */
  readonly initialMs?: number | undefined
  /** Cap before jitter. Default 20_000 (AWS SDKs). */
  readonly maxMs?: number | undefined
  /** Default 2. */
  readonly factor?: number | undefined
  /**
   * full: U[0, d) · equal: d/2 + U[0, d/2) · decorrelated: U[initial, min(max, 3·previous)) · a number j: d·(1 + U[0, j)).
   * Default 'full' (AWS).
   */
  readonly jitter?: 'full' | 'equal' | 'decorrelated' | 'none' | number | undefined
}

const KEYS = ['initialMs', 'maxMs', 'factor', 'jitter']
const OF = 'exponentialBackoff'
/** Timers are clamped near here: longer is "never" anyway. */
export const LONGEST_MS = 2 ** 31 - 1

export function exponentialBackoff(options: ExponentialBackoffOptions = {}): Backoff {
  checkKeys(OF, options, KEYS)
  // A cap below the usual start is a start too.
  const usualMs = typeof options.maxMs === 'number' && options.maxMs >= 0 ? Math.min(100, options.maxMs) : 100
  const initialMs = numberOption(OF, 'initialMs', options.initialMs, usualMs, { min: 0, max: LONGEST_MS })
  const maxMs = numberOption(OF, 'maxMs', options.maxMs, Math.max(20_000, initialMs), {
    min: initialMs,
    max: LONGEST_MS,
  })
  const factor = numberOption(OF, 'factor', options.factor, 2, { min: 1 })
  const jitter = checkJitter(options.jitter ?? 'full')
  // factor ** 5000 is Infinity, which Math.min caps; 0 · Infinity would be NaN, hence the branch.
  const capped = (retry: number): number => (initialMs === 0 ? 0 : Math.min(maxMs, initialMs * factor ** (retry - 1)))
  switch (jitter) {
    case 'none':
      return { delayMs: (retry) => capped(retry) }
    case 'full':
      return { delayMs: (retry, _previousMs, random) => capped(retry) * random() }
    case 'equal':
      return { delayMs: (retry, _previousMs, random) => (capped(retry) / 2) * (1 + random()) }
    case 'decorrelated':
      return {
        delayMs: (_retry, previousMs, random) => {
          const upToMs = Math.min(maxMs, 3 * Math.max(previousMs, initialMs))
          return initialMs + (upToMs - initialMs) * random()
        },
      }
    default:
      return { delayMs: (retry, _previousMs, random) => capped(retry) * (1 + jitter * random()) }
  }
}

export function constantBackoff(delayMs: number): Backoff {
  if (delayMs === undefined) throw new TypeError('constantBackoff: it needs a number of milliseconds, got undefined')
  const fixedMs = numberOption('constantBackoff', 'delayMs', delayMs, 0, { min: 0, max: LONGEST_MS })
  return { delayMs: () => fixedMs }
}

/** Somebody else's backoff may be wrong: a delay that is no number waits nothing. */
export function delayOf(backoff: Backoff, retry: number, previousMs: number, random: () => number): number {
  const delayMs = backoff.delayMs(retry, previousMs, random)
  return delayMs >= 0 ? Math.min(delayMs, LONGEST_MS) : 0
}

export function backoffOption(of: string, key: string, value: unknown): Backoff {
  if (typeof (value as Backoff | undefined)?.delayMs === 'function') return value as Backoff
  throw new TypeError(`${of}: ${key} must be a backoff such as exponentialBackoff(), got ${show(value)}`)
}

function checkJitter(jitter: NonNullable<ExponentialBackoffOptions['jitter']>): typeof jitter {
  if (typeof jitter === 'number' ? jitter >= 0 && jitter <= 1 : JITTERS.includes(jitter)) return jitter
  throw new RangeError(`${OF}: jitter must be ${JITTERS.join(', ')} or a number 0..1, got ${show(jitter)}`)
}

const JITTERS: readonly unknown[] = ['full', 'equal', 'decorrelated', 'none']
