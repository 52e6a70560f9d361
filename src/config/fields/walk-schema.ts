// Reads a schema as a list of settings: path, documentation, default. So that nothing else has to know how zod wraps things.

import type * as z from 'zod/mini'
import { docs, type FieldDoc } from './field.ts'

/** One setting that holds a value (not a group of settings). */
export interface Field {
  readonly path: readonly string[]
  /** "shutdown.deadline" */
  readonly key: string
  readonly doc: FieldDoc
  /** As one would write it; undefined: none, or it depends (doc.defaultText). */
  readonly default: unknown
  readonly schema: z.core.$ZodType
}

/** The schema inside `optional` and `prefault`, and the default met on the way. */
export function unwrap(schema: z.core.$ZodType): { readonly schema: z.core.$ZodType; readonly default: unknown } {
  let inner = schema as z.core.$ZodTypes
  let fallback: unknown
  for (;;) {
    const def = inner._zod.def
    if (def.type === 'prefault' || def.type === 'default') fallback = def.defaultValue
    else if (def.type !== 'optional') return { schema: inner, default: fallback }
    inner = def.innerType as z.core.$ZodTypes
  }
}

/** The named settings of a group, or undefined where the schema is no group. */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const { def } = (unwrap(schema).schema as z.core.$ZodTypes)._zod
  return def.type === 'object' ? def.shape : undefined
}

/** Groups and settings, depth first, in the order of the schema. A list of groups (`apps`) is not entered. */
export function* walk(
  schema: z.core.$ZodType,
  path: readonly string[] = [],
): Generator<Field & { readonly group: boolean }> {
  for (const [name, wrapped] of Object.entries(shapeOf(schema) ?? {})) {
    const inner = unwrap(wrapped)
    const doc = docs.get(inner.schema)
    if (doc === undefined) continue
    const here = [...path, name]
    const group = doc.kind === 'section'
    yield { path: here, key: here.join('.'), doc, default: inner.default, schema: inner.schema, group }
    if (group) yield* walk(inner.schema, here)
  }
}

export function fieldsOf(schema: z.core.$ZodType): Field[] {
  return [...walk(schema)].filter((entry) => !entry.group)
}

/** The documented schema that a path in the input leads to, list positions included, and how much of the path that is. */
export function locate(
  root: z.core.$ZodType,
  path: readonly PropertyKey[],
): { readonly doc: FieldDoc | undefined; readonly depth: number; readonly schema: z.core.$ZodType } {
  let schema = unwrap(root).schema
  let found = { doc: docs.get(schema), depth: 0, schema }
  for (const [index, step] of path.entries()) {
    const { def } = (schema as z.core.$ZodTypes)._zod
    const next = def.type === 'object' ? def.shape[String(step)] : def.type === 'array' ? def.element : undefined
    if (next === undefined) break
    schema = unwrap(next).schema
    const doc = docs.get(schema)
    if (doc !== undefined) found = { doc, depth: index + 1, schema }
  }
  return found
}
