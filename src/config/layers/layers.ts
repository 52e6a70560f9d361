// The layers that settings come from, each a flat map from setting to value and origin, and how a higher one covers a lower one:
// flags over environment over file over defaults. Values are as they were written; schema.ts has checked them already.

import type { Field } from '../fields/walk-schema.ts'

export type Origin =
  | { readonly from: 'default'; readonly reason: string | null }
  /** `field`: with the prefix that it has in the file, such as apps[0]. */
  | { readonly from: 'file'; readonly file: string; readonly field: string }
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'flag'; readonly flag: string }

export interface Entry {
  readonly value: unknown
  readonly origin: Origin
}

/** By key, such as "shutdown.deadline". */
export type Layer = ReadonlyMap<string, Entry>

/** What a tree (a parsed file) says about the given settings. */
export function layerOf(tree: unknown, fields: readonly Field[], originOf: (field: Field) => Origin): Layer {
  const layer = new Map<string, Entry>()
  for (const field of fields) {
    const value = field.path.reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
      tree,
    )
    if (value !== undefined) layer.set(field.key, { value, origin: originOf(field) })
  }
  return layer
}

/** Later layers win. Records (`env`) are merged name by name. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  const merged = new Map<string, Entry>()
  for (const layer of layers) {
    for (const [key, entry] of layer) {
      const below = merged.get(key)?.value
      const value = isRecord(below) && isRecord(entry.value) ? { ...below, ...entry.value } : entry.value
      merged.set(key, { value, origin: entry.origin })
    }
  }
  return merged
}

/** Back to a tree, for the schema to complete with defaults. */
export function treeOf(layer: Layer, fields: readonly Field[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {}
  for (const { key, path } of fields) {
    const entry = layer.get(key)
    if (entry === undefined) continue
    let at = tree
    for (const step of path.slice(0, -1)) {
      at[step] ??= {}
      at = at[step] as Record<string, unknown>
    }
    at[path.at(-1) as string] = entry.value
  }
  return tree
}

export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return origin.reason === null ? 'default' : `default (${origin.reason})`
    case 'file':
      return `${origin.file}: ${origin.field}`
    case 'env':
      return origin.name
    case 'flag':
      return origin.flag
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
