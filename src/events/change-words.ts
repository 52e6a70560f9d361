// How a changed setting is told in one line: in verdicts, plans and the log.

import type { EnvChange, SettingChange } from '../protocol/reload-plan.ts'

export function changeWords({ key, from, to }: SettingChange): string {
  // Not one app's setting, but whether there is such an app.
  if (key === 'apps') return from === null ? `apps + ${to}` : `apps − ${from} (it runs on as it is)`
  return `${key} ${from ?? 'not set'} → ${to ?? 'not set'}`
}

/** null: nothing has changed. Names only. */
export function envWords({ added, removed, changed }: EnvChange): string | null {
  const words = [
    ...added.map((name) => `+ ${name}`),
    ...removed.map((name) => `− ${name}`),
    ...changed.map((name) => `~ ${name}`),
  ]
  return words.length === 0 ? null : words.join(', ')
}

/** What a person has to know who thinks that it was applied; null: all was. */
export function unappliedWords(changes: readonly SettingChange[]): string | null {
  return changes.length === 0 ? null : `needs a restart of resil: ${changes.map(changeWords).join(', ')}`
}
