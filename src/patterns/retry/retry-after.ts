// What the server asked for: Retry-After, in seconds or as a date (RFC 9110, 10.2.3), on a Response or on an error that
// carries one; and resil's own rejections, which know when they end.

import { isResilienceError } from '../resilience-error.ts'

/** Milliseconds from `wallNow` on, undefined where nobody asked. A date that has passed is 0. */
export function retryAfterMsOf(valueOrError: unknown, wallNow: number): number | undefined {
  if (typeof valueOrError !== 'object' || valueOrError === null) return undefined
  if (isResilienceError(valueOrError)) return valueOrError.retryAfterMs
  const { headers, response } = valueOrError as { headers?: unknown; response?: { headers?: unknown } | null }
  const text = headerOf(headers) ?? headerOf(response?.headers)
  return text === undefined ? undefined : parse(text.trim(), wallNow)
}

/** Headers of fetch, plain objects of node:http, axios and got. */
function headerOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const { get } = headers as { get?: unknown }
  const plain = headers as Record<string, unknown>
  const value =
    typeof get === 'function' ? get.call(headers, 'retry-after') : (plain['retry-after'] ?? plain['Retry-After'])
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

function parse(text: string, wallNow: number): number | undefined {
  // Whole seconds by the book; some services send fractions.
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  // HTTP dates begin with a day of the week: Date.parse would also take "-5" for a year, and "soon 5" for a day in May. The
  // oldest of the three forms names no time zone and means GMT.
  if (!/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(text)) return undefined
  const at = Date.parse(/gmt|utc|[+-]\d{4}$/i.test(text) ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow)
}
