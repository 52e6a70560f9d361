// Reads config, environment and flags into layers, and finds all that is wrong with their shape. What the settings come to on
// this machine, and whether they make sense together, is build-app.ts and resolve.ts.

import * as z from 'zod/mini'
import { notYet } from '../fields/not-yet.ts'
import { type Field, fieldsOf } from '../fields/walk-schema.ts'
import type { LoadedConfig } from '../load.ts'
import { describeIssues } from '../problems/describe-issue.ts'
import { emptyGroups } from '../problems/empty-groups.ts'
import { fieldName, type Problem } from '../problems/problems.ts'
import { App, ConfigFile, Supervisor } from '../schema.ts'
import { mistypedEnv, readEnv } from './env-layer.ts'
import { type Flags, readFlags } from './flags.ts'
import { type Layer, layerOf, mergeLayers, type Origin } from './layers.ts'

export const appFields: readonly Field[] = fieldsOf(App)
export const supervisorFields: readonly Field[] = fieldsOf(Supervisor)
/** Beside a list of apps, the name at the top is the supervisor's, not every app's. */
const [nameField, sharedFields] = [
  appFields.filter(({ key }) => key === 'name'),
  appFields.filter(({ key }) => key !== 'name'),
]

export interface Gathered {
  readonly supervisor: Layer
  /** In the order of the file; without the defaults. `where`: how the app's own part of the file is called. */
  readonly apps: readonly { readonly layer: Layer; readonly path: readonly PropertyKey[] }[]
  /** The config has a list of apps, rather than one app at the top level. */
  readonly listed: boolean
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

export function gather(input: {
  readonly config: LoadedConfig | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: Flags
}): Gathered {
  const { config, env, flags } = input
  const all = [...appFields, ...supervisorFields]
  const fromEnv = readEnv(env, all)
  const fromFlags = readFlags(flags, all)
  const problems = [...shapeProblems(config), ...fromEnv.problems, ...fromFlags.problems]
  const above = [fromEnv.layer, fromFlags.layer]

  const entries = (config?.raw as { apps?: unknown } | undefined)?.apps
  const listed = Array.isArray(entries)
  const fileLayer = (tree: unknown, path: readonly PropertyKey[], fields: readonly Field[]): Layer =>
    layerOf(tree, fields, (field) => originIn(config, [...path, ...field.path]))
  const top = (fields: readonly Field[]): Layer => fileLayer(config?.raw, [], fields)
  const paths: (readonly PropertyKey[])[] = listed ? entries.map((_, index) => ['apps', index]) : [[]]

  const apps = paths.map((path, index) => {
    const own = listed ? [top(sharedFields), fileLayer(entries[index], path, appFields)] : [top(appFields)]
    return {
      path,
      layer: mergeLayers([...own, ...above.map((layer) => only(layer, listed ? sharedFields : appFields))]),
    }
  })
  const wide = [...supervisorFields, ...nameField]
  const supervisor = mergeLayers([top(wide), ...above.map((layer) => only(layer, wide))])
  const warnings = mistypedEnv(env, all)
  return { supervisor, apps, listed, warnings, problems: [...problems, ...unavailable(config, top, apps)] }
}

function shapeProblems(config: LoadedConfig | null): Problem[] {
  if (config === null) return []
  const checked = z.safeParse(ConfigFile, config.raw)
  if (checked.success) return emptyProblems(config)
  return describeIssues(checked.error.issues, config.raw, ConfigFile, {
    where: config.where,
    prefix: config.prefix,
    kind: 'config',
  })
}

function emptyProblems({ raw, where, prefix }: LoadedConfig): Problem[] {
  const { apps } = raw as { readonly apps?: readonly unknown[] }
  const parts = [{ tree: raw as unknown, path: [] as PropertyKey[] }]
  for (const [index, tree] of (apps ?? []).entries()) parts.push({ tree, path: ['apps', index] })
  return parts.flatMap((part) =>
    emptyGroups(part.tree).map(({ path, message }) => ({
      where,
      field: fieldName([...prefix, ...part.path, ...path]),
      message,
      kind: 'config' as const,
    })),
  )
}

/** One line for each feature that is asked for too early, where the file asks for it. */
function unavailable(
  config: LoadedConfig | null,
  top: (fields: readonly Field[]) => Layer,
  apps: Gathered['apps'],
): Problem[] {
  if (config === null) return []
  const layers = [{ layer: top([...appFields, ...supervisorFields]), path: [] as readonly PropertyKey[] }, ...apps]
  const found = layers.flatMap(({ layer, path }) =>
    [...layer].flatMap(([key, { value, origin }]) => {
      const waiting = notYet(key, value)
      const own = fieldName([...config.prefix, ...path, ...key.split('.')])
      // What an entry inherits from the top has been told there.
      if (waiting === undefined || origin.from !== 'file' || origin.field !== own) return []
      return [{ field: fieldName([...config.prefix, ...path, ...waiting.key.split('.')]), message: waiting.message }]
    }),
  )
  const once = new Map(found.map((problem) => [problem.field, problem]))
  return [...once.values()].map((problem) => ({ where: config.where, ...problem, kind: 'config' as const }))
}

function originIn(config: LoadedConfig | null, path: readonly PropertyKey[]): Origin {
  return { from: 'file', file: config?.where ?? '', field: fieldName([...(config?.prefix ?? []), ...path]) }
}

function only(layer: Layer, fields: readonly Field[]): Layer {
  return new Map([...layer].filter(([key]) => fields.some((field) => field.key === key)))
}
