// Options that several commands share, and the parsing of their values.

import { parseDuration } from '../config/units.ts'
import { ResilError } from '../errors.ts'
import type { OptionSpec } from './command-spec.ts'

export interface SocketOption {
  readonly socket?: string
}

export const socketOption: OptionSpec = {
  flags: '--socket <path>',
  summary: 'control socket, instead of looking for it (or RESIL_SOCKET)',
}

/** Milliseconds of `--timeout 30s`. */
export function durationOf(flag: string, text: string): number {
  const parsed = parseDuration(text)
  if (parsed.ok) return parsed.value
  throw new ResilError('RESIL_USAGE', `${flag}: ${parsed.problem}`)
}

/** A whole number of at least 0. */
export function countOf(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new ResilError('RESIL_USAGE', `${flag}: "${text}" is not a whole number of 0 or more`)
}

/** Wall milliseconds of `--since 10m` (ago), or of a date. */
export function sinceOf(text: string, wallNow: number): number {
  const date = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? wallNow - durationOf('--since', text) : date
}
