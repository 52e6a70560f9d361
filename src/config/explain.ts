// Each value that holds, with where it came from, as rows for `resil check --explain` and its JSON.

import { availability } from './fields/not-yet.ts'
import type { Field } from './fields/walk-schema.ts'
import { appFields, supervisorFields } from './layers/gather.ts'
import { describeOrigin, type Layer, type Origin } from './layers/layers.ts'
import { shown } from './problems/problems.ts'
import type { Origins } from './resolve.ts'
import { formatDuration, formatSize } from './units.ts'

export interface ExplainedSetting {
  /** null: it holds for the whole supervisor. */
  readonly app: string | null
  readonly key: string
  /** Milliseconds, bytes. The environment: names only, since values may be secrets; of a secret, that it is set. */
  readonly value: unknown
  /** As a person would write it. */
  readonly text: string
  readonly origin: Origin
  readonly originText: string
}

const SECRET = '(set, not shown)'

export function explain(origins: Origins): ExplainedSetting[] {
  return [
    ...rows(null, origins.supervisor, supervisorFields),
    ...origins.apps.flatMap(({ name, layer }) => rows(name, layer, appFields)),
  ]
}

function rows(app: string | null, layer: Layer, fields: readonly Field[]): ExplainedSetting[] {
  return fields.flatMap(({ key, doc }) => {
    const entry = layer.get(key)
    if (entry === undefined || availability(key) === 'not yet') return []
    const value = doc.secret ? SECRET : doc.kind === 'record' ? Object.keys(entry.value as object) : entry.value
    const text = textOf(value, doc.kind)
    return [{ app, key, value, text, origin: entry.origin, originText: describeOrigin(entry.origin) }]
  })
}

function textOf(value: unknown, kind: Field['doc']['kind']): string {
  if (kind === 'duration') return formatDuration(value as number)
  if (kind === 'size') return formatSize(value as number)
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(String).join(' ')
  return typeof value === 'string' ? value : shown(value)
}
