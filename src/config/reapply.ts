// What becomes of settings that were read again while apps run: which app they are of, what a reload applies, and what it can't
// bring about and so has to say. Pure.

import type { AppChanges, SettingChange } from '../protocol/reload-plan.ts'
import { diffEnv, diffSettings, diffTrees, type Env, effectiveEnv, type IsSecret, without } from './diff.ts'
import type { AppSettings, Settings } from './settings.ts'

/** What an app can take over. */
export interface Reapplied {
  /** null: there is nothing to read again. */
  readonly settings: AppSettings | null
  readonly changes: AppChanges
}

export interface Reread {
  /** By name; without those that are not in the config any more. */
  readonly apps: ReadonlyMap<string, Reapplied>
  /** Of the supervisor as a whole: these need a restart of resil. */
  readonly notApplied: readonly SettingChange[]
}

/** Where it runs, rather than how; a running supervisor stays where it is. */
const OF_THE_PLACE = ['apps', 'dir', 'configFile', 'socket']
/** Of an app, but decided when the supervisor starts: old and new workers share the app's port, which is open in one way or the other. */
const AT_START_ONLY = ['dependsOn', 'reusePort']

export const NO_CHANGES: AppChanges = {
  settings: [],
  env: { added: [], removed: [], changed: [] },
  notApplied: [],
}

/**
 * `running`: with the apps' settings as they are now. `base`: takes the place of `own`, the supervisor's own environment, below
 * what the config says; null: the base stays.
 */
export function reapply(
  running: Settings,
  fresh: Settings,
  {
    own,
    base,
    isSecret,
  }: { readonly own: Env; readonly base: Readonly<Record<string, string>> | null; readonly isSecret: IsSecret },
): Reread {
  const pairs = pairApps(running, fresh)
  const apps = new Map(
    pairs.map(([before, after]) => {
      const { name, dependsOn, reusePort } = before
      const kept = { name, dependsOn, reusePort, baseEnv: base ?? before.baseEnv }
      const settings: AppSettings = { ...after, ...kept }
      const differing = diffSettings(before, after, isSecret)
      const changes: AppChanges = {
        settings: differing.filter(({ key }) => !AT_START_ONLY.includes(key)),
        env: diffEnv(effectiveEnv(before, own), effectiveEnv(settings, own)),
        notApplied: differing.filter(({ key }) => AT_START_ONLY.includes(key)),
      }
      return [before.name, { settings, changes }]
    }),
  )
  const wide = diffTrees(without(running, OF_THE_PLACE), without(fresh, OF_THE_PLACE), isSecret)
  return { apps, notApplied: [...wide, ...newNames(pairs, wide), ...listChanges(running, fresh, pairs)] }
}

type Pair = readonly [before: AppSettings, after: AppSettings]

/** By name. An only app is the same one, whatever it is called by now: a release may rename its package. */
function pairApps(running: Settings, fresh: Settings): Pair[] {
  const [only, ...others] = running.apps
  const [onlyFresh, ...othersFresh] = fresh.apps
  if (only !== undefined && onlyFresh !== undefined && others.length + othersFresh.length === 0)
    return [[only, onlyFresh]]
  return running.apps.flatMap((before) => {
    const after = fresh.apps.find(({ name }) => name === before.name)
    return after === undefined ? [] : [[before, after] as const]
  })
}

/** The supervisor is often called as its only app: once is enough. */
function newNames(pairs: readonly Pair[], wide: readonly SettingChange[]): SettingChange[] {
  return pairs
    .filter(([before, after]) => before.name !== after.name)
    .map(([before, after]) => ({ key: 'name', from: before.name, to: after.name }))
    .filter(({ to }) => !wide.some((change) => change.key === 'name' && change.to === to))
}

function listChanges(running: Settings, fresh: Settings, pairs: readonly Pair[]): SettingChange[] {
  const removed = running.apps.filter((app) => !pairs.some(([before]) => before === app))
  const added = fresh.apps.filter((app) => !pairs.some(([, after]) => after === app))
  return [
    ...removed.map(({ name }) => ({ key: 'apps', from: name, to: null })),
    ...added.map(({ name }) => ({ key: 'apps', from: null, to: name })),
  ]
}
