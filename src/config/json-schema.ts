// The JSON schema of a config file, for editors and CI: the same words, defaults and ranges as errors and reference page.
// Run by scripts/write-schema.js; nothing that ships imports it.

import * as z from 'zod/mini'
import { docs, type FieldDoc } from './fields/field.ts'
import { availability } from './fields/not-yet.ts'
import { ConfigFile } from './schema.ts'

export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ConfigFile, {
    // What people write, before "30s" becomes a number.
    io: 'input',
    // What an app may set stands at the top level and in each entry of `apps`: written once.
    reused: 'ref',
    override: ({ zodSchema, jsonSchema: json, path }) => {
      const doc = docs.get(zodSchema)
      if (doc !== undefined) Object.assign(json, { description: sentence(doc, keyOf(path)) }, quantityPattern(doc))
    },
  })
  return { ...schema, title: 'resil' }
}

/** `properties.ready.properties.on` and `properties.apps.items.properties.ready…` are the same setting. */
function keyOf(path: readonly (string | number)[]): string {
  const steps = path.filter((step) => step !== 'properties' && step !== 'items')
  return (steps[0] === 'apps' ? steps.slice(1) : steps).join('.')
}

function sentence({ description, unit, defaultText }: FieldDoc, key: string): string {
  const waits = availability(key)
  return [
    description,
    ...(unit === undefined ? [] : [`${capital(unit)}.`]),
    ...(defaultText === undefined ? [] : [`Default: ${defaultText}.`]),
    ...(waits === 'now' ? [] : ['Not available yet.']),
  ].join(' ')
}

/** Of "30s" and "512mb": so that an editor marks "30x". */
function quantityPattern({ kind }: FieldDoc): Record<string, unknown> {
  const units = { duration: 'ms|s|m|h|d', size: 'b|k|kb|kib|m|mb|mib|g|gb|gib|t|tb|tib' }
  if (kind !== 'duration' && kind !== 'size') return {}
  const anyCase = units[kind].replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
  return {
    anyOf: [
      { type: 'string', pattern: `^\\s*\\+?(\\d+(\\.\\d+)?|\\.\\d+)\\s*(${anyCase})\\s*$|^\\s*0+\\s*$` },
      { type: 'number', minimum: 0 },
    ],
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
