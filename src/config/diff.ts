// Compares the settings that run with those that were read again. Pure. What of them a reload applies is reapply.ts.

import type { EnvChange, SettingChange } from '../protocol/reload-plan.ts'
import type { AppSettings } from './settings.ts'
import { formatDuration, formatSize } from './units.ts'

/** Told by themselves, or of no interest. */
const NOT_COMPARED = ['name', 'env', 'baseEnv', 'instancesReason']

/** Where the name in the config is not the one here without its unit. null: it follows from another. */
const NAMES: readonly (readonly [pattern: RegExp, name: string | null])[] = [
  [/^realScript$/, 'release'],
  [/^captureOutput$/, 'log.capture'],
  [/^chaosAllowed$/, 'chaos.allowed'],
  [/^(hooks\.\w+)\.via$/, null],
  // Of the container, not of the config.
  [/^watchdogs\.memory\.shared$/, null],
  [/^(hooks\.\w+)\.url$/, '$1.webhook'],
  [/^(hooks\.\w+)\.command$/, '$1.exec'],
]

/** The shell's own bookkeeping: it differs from one terminal to the next and means nothing to the app. */
const OF_THE_SHELL = ['_', 'OLDPWD', 'PWD', 'SHLVL']

export type IsSecret = (key: string) => boolean
export type Env = Readonly<Record<string, string | undefined>>

/** What differs between two apps' settings, by the names in the config, in their order. */
export function diffSettings(running: AppSettings, fresh: AppSettings, isSecret: IsSecret): SettingChange[] {
  // Another name of the entry says it all; the same name with another file behind it is a link that has moved.
  const alike = running.script === fresh.script ? [] : ['realScript']
  return diffTrees(without(running, [...NOT_COMPARED, ...alike]), without(fresh, [...NOT_COMPARED, ...alike]), isSecret)
}

/** What differs between two trees of settings. */
export function diffTrees(running: object, fresh: object, isSecret: IsSecret): SettingChange[] {
  const [before, after] = [flatten(running), flatten(fresh)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [from, to] = [before.get(key) ?? null, after.get(key) ?? null]
    if (from === to) return []
    return [isSecret(key) ? { key, from: masked(from), to: masked(to) } : { key, from, to }]
  })
}

/** Which variables a worker gets or loses, or has another value of. */
export function diffEnv(before: Env, after: Env): EnvChange {
  const names = (env: Env) => Object.keys(env).filter((name) => env[name] !== undefined && !OF_THE_SHELL.includes(name))
  const [old, now] = [names(before), names(after)]
  return {
    added: now.filter((name) => !old.includes(name)).sort(),
    removed: old.filter((name) => !now.includes(name)).sort(),
    changed: now.filter((name) => old.includes(name) && before[name] !== after[name]).sort(),
  }
}

/** Of what a worker sees: `env` and `envFile` over the base, which is the supervisor's own unless a reload brought another. */
export function effectiveEnv({ baseEnv, env }: Pick<AppSettings, 'baseEnv' | 'env'>, own: Env): Env {
  return { ...(baseEnv ?? own), ...env }
}

export function without(tree: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.includes(key)))
}

function masked(value: string | null): string | null {
  return value === null ? null : '(secret)'
}

/** "shutdown.deadline" → "25s". What is not set is not there. */
function flatten(value: unknown, path: readonly string[] = []): Map<string, string> {
  if (value === null || value === undefined) return new Map()
  const isList = Array.isArray(value) && value.every((item) => typeof item !== 'object')
  if (typeof value === 'object' && !isList) {
    return new Map(Object.entries(value).flatMap(([name, inner]) => [...flatten(inner, [...path, name])]))
  }
  const key = keyOf(path)
  if (key === null) return new Map()
  if (isList) return new Map([[key, value.length === 0 ? '(none)' : value.join(' ')]])
  return new Map([[key, textOf(path.at(-1) ?? '', value)]])
}

/** As a person writes it: units are in the value, not in the name. */
function keyOf(path: readonly string[]): string | null {
  const key = path.map((name) => name.replace(/(?<=[a-z\d])(Ms|Bytes)$/, '')).join('.')
  const [pattern, name] = NAMES.find(([candidate]) => candidate.test(key)) ?? [/$/, '']
  return name === null ? null : key.replace(pattern, name)
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (name.endsWith('Ms')) return formatDuration(value)
    if (name.endsWith('Bytes')) return formatSize(value)
  }
  return String(value)
}
