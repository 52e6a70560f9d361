// Every setting with the value that holds and where it came from: what `check --explain` shows.

import type { Field } from '../fields/walk-schema.ts'
import type { Entry, Layer, Origin } from './layers.ts'

/** `computed`: values that the schema can't know, and why they are what they are where nobody wrote them. */
export function effectiveLayer(
  fields: readonly Field[],
  complete: unknown,
  written: Layer,
  computed: Readonly<Record<string, { readonly value: unknown; readonly reason: string | null }>>,
): Layer {
  const layer = new Map<string, Entry>()
  for (const { key, path } of fields) {
    const known = computed[key]
    const value = known === undefined ? valueAt(complete, path) : known.value
    const origin: Origin = written.get(key)?.origin ?? { from: 'default', reason: known?.reason ?? null }
    if (value !== undefined) layer.set(key, { value, origin })
  }
  return layer
}

export function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    tree,
  )
}
