// Order among apps: what an app depends on starts before it and stops after it. Cycles were refused with the config.

import type { AppSettings } from '../config/settings.ts'
import type { App } from './state/app.ts'

/** Apps in an order in which each comes after what it depends on; otherwise as written. */
export function dependenciesFirst(apps: readonly AppSettings[]): AppSettings[] {
  const ordered = new Set<AppSettings>()
  const visit = (app: AppSettings, path: readonly string[]): void => {
    if (ordered.has(app) || path.includes(app.name)) return
    for (const name of app.dependsOn) {
      const dependency = apps.find((other) => other.name === name)
      if (dependency !== undefined) visit(dependency, [...path, app.name])
    }
    ordered.add(app)
  }
  for (const app of apps) visit(app, [])
  return [...ordered]
}

/** Whether an app may start, must wait, or never can. A job that ended with 0 has done what its dependants waited for. */
export function dependencyVerdict(app: App, apps: readonly App[]): 'met' | 'pending' | 'impossible' {
  let verdict: 'met' | 'pending' = 'met'
  for (const name of app.settings.dependsOn) {
    const dependency = apps.find((other) => other.name === name)
    if (dependency === undefined) return 'impossible'
    const { phase } = dependency
    if (phase.status === 'failed' || phase.status === 'stopped') return 'impossible'
    if (phase.status === 'ended') {
      if (phase.exitCode !== 0) return 'impossible'
    } else if (dependency.told === 'starting' || isJob(dependency)) verdict = 'pending'
  }
  return verdict
}

/** Runs once and never listens: its dependants wait for its end, not for its start. */
function isJob(app: App): boolean {
  return (
    app.settings.restart.policy === 'never' && app.slots.every((slot) => (slot.current?.endpoints.length ?? 0) === 0)
  )
}

/** Whether all apps that depend on this one have gone, so that it may stop too. */
export function dependantsGone(app: App, apps: readonly App[]): boolean {
  return apps
    .filter((other) => other.settings.dependsOn.includes(app.name))
    .every(({ phase }) => phase.status === 'stopped' || phase.status === 'failed' || phase.status === 'ended')
}
