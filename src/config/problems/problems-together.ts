// What is wrong with apps whose settings are each of the right shape: clashes, missing files, names given twice, circles of
// dependencies. Each is told where the person wrote it: file and field, variable, or flag.

import type { BuiltApp } from '../app/build-app.ts'
import type { Gathered } from '../layers/gather.ts'
import type { Origin } from '../layers/layers.ts'
import type { LoadedConfig } from '../load.ts'
import type { Supervisor } from '../schema.ts'
import { dependencyProblems } from './dependencies.ts'
import { fieldName, type Problem } from './problems.ts'

/** Within each app, and between apps. `apps`: the layers that `built` came from. */
export function problemsTogether(
  built: readonly BuiltApp[],
  apps: Gathered['apps'],
  config: LoadedConfig | null,
  { schedule }: Pick<Supervisor, 'schedule'>,
): Problem[] {
  const at = (app: number, keys: readonly string[], message: string): Problem => {
    const origins = keys.map((key) => apps[app]?.layer.get(key)?.origin)
    const field = fieldName([...(config?.prefix ?? []), ...(apps[app]?.path ?? []), ...(keys[0] ?? '').split('.')])
    return locateProblem(origins, { file: config?.where ?? null, field, key: keys[0] ?? '' }, message)
  }
  const named = built.map(({ name, effective }) => ({
    name,
    dependsOn: (effective.get('dependsOn')?.value ?? []) as readonly string[],
  }))
  return [
    ...built.flatMap(({ problems }, app) => problems.map(({ keys, message }) => at(app, keys, message))),
    ...built.flatMap(({ effective }, app) => {
      const message =
        'needs schedule "round-robin": under "shared" the kernel chooses the worker, and it knows no stickiness'
      return schedule === 'shared' && effective.get('sticky')?.value === true ? [at(app, ['sticky'], message)] : []
    }),
    ...named.flatMap(({ name }, app) => {
      const first = named.findIndex((other) => other.name === name)
      const message = `"${name}" is also the name of ${fieldName(apps[first]?.path ?? [])}; give each app a name of its own`
      return first < app ? [at(app, ['name'], message)] : []
    }),
    ...dependencyProblems(named).map(({ app, message }) => at(app, ['dependsOn'], message)),
  ]
}

/** The place to name is the first of the settings that somebody wrote. */
function locateProblem(
  origins: readonly (Origin | undefined)[],
  fallback: { readonly file: string | null; readonly field: string; readonly key: string },
  message: string,
): Problem {
  const index = origins.findIndex((origin) => origin !== undefined && origin.from !== 'default')
  const origin = origins[index]
  // Another setting than the one that the message is about was written: say which one it means.
  const about = index > 0 ? `${fallback.key}: ${message}` : message
  if (origin?.from === 'file') return { where: origin.file, field: origin.field, message: about, kind: 'config' }
  if (origin?.from === 'env') return { where: origin.name, field: null, message: about, kind: 'config' }
  if (origin?.from === 'flag') return { where: origin.flag, field: null, message: about, kind: 'usage' }
  return {
    where: fallback.file ?? fallback.key,
    field: fallback.file === null ? null : fallback.field,
    message,
    kind: 'config',
  }
}
