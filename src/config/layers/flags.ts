// Command-line flags of `start` as a layer. commander has parsed the line; whether a value is right is decided here, by the same
// schema as the file's.

import { readText } from '../fields/from-text.ts'
import { notYet } from '../fields/not-yet.ts'
import type { Field } from '../fields/walk-schema.ts'
import type { Problem } from '../problems/problems.ts'
import type { Entry, Layer } from './layers.ts'

/** As typed; absent where not given. */
export interface Flags {
  readonly workers?: string | undefined
  readonly name?: string | undefined
  readonly maxMemory?: string | undefined
  readonly nodeArgs?: string | undefined
  readonly standby?: string | undefined
  readonly schedule?: string | undefined
  readonly envFile?: string | undefined
  readonly watch?: boolean | undefined
  readonly jsonLogs?: boolean | undefined
  /** Of the control socket. */
  readonly socket?: string | undefined
}

const FLAG_OF: readonly (readonly [flag: keyof Flags, typed: string, key: string, value?: string])[] = [
  ['workers', '-w', 'instances'],
  ['name', '--name', 'name'],
  ['maxMemory', '--max-memory', 'watchdogs.memory.hard'],
  ['nodeArgs', '--node-args', 'nodeArgs'],
  ['standby', '--standby', 'standby'],
  ['schedule', '--schedule', 'schedule'],
  ['envFile', '--env-file', 'envFile'],
  ['watch', '--watch', 'watch'],
  ['jsonLogs', '--json-logs', 'log.format', 'json'],
]

/** The flag that sets a field, for the reference page. */
export function flagFor(key: string): string | undefined {
  return FLAG_OF.find(([, , target]) => target === key)?.[1]
}

export function readFlags(flags: Flags, fields: readonly Field[]): { layer: Layer; problems: readonly Problem[] } {
  const layer = new Map<string, Entry>()
  const problems: Problem[] = []
  for (const [flag, typed, key, fixed] of FLAG_OF) {
    const given = flags[flag]
    const field = fields.find((candidate) => candidate.key === key)
    if (given === undefined || given === false || field === undefined) continue
    const { value, problems: found } = readText(fixed ?? String(given), field, { where: typed, kind: 'usage' })
    problems.push(...found)
    const waiting = found.length === 0 ? notYet(key, value) : undefined
    if (waiting !== undefined) problems.push({ where: typed, field: null, message: waiting.message, kind: 'usage' })
    layer.set(key, { value, origin: { from: 'flag', flag: typed } })
  }
  return { layer, problems }
}
