// What a reload would do, and what it has changed, for people. Pure.

import { changeWords, envWords, unappliedWords } from '../../events/change-words.ts'
import { count, duration, list, slotName } from '../../events/words.ts'
import type { AppChanges, ReloadPlan, SettingChange } from '../../protocol/reload-plan.ts'
import { columns } from './text.ts'

export function renderPlan(plan: ReloadPlan): string {
  const { app, generation, refusal, changes } = plan
  const lines = [
    `${app}: a reload from generation ${generation.from} to ${generation.to} would do this; nothing has been done`,
    ...(refusal === null ? [] : [`  it would be refused now: ${refusal}`]),
    ...slotRows(plan),
    `  ${paceWords(plan)}`,
    ...(plan.endpoints.length === 0 ? [] : [`  new workers must listen on ${list(plan.endpoints)}`]),
    ...canaryRow(plan),
    `  at the first failure: ${plan.rollback ? `back to generation ${generation.from}` : 'stops, and keeps what serves (reload.rollback is false)'}`,
    `  ${timeWords(plan)}`,
    ...planChanges(changes),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The same in short, after a reload. */
export function renderChanges(changes: AppChanges | undefined): string[] {
  if (changes === undefined) return []
  const env = envWords(changes.env)
  const unapplied = unappliedWords(changes.notApplied)
  return [
    ...(changes.settings.length === 0 ? [] : [`  changed: ${changes.settings.map(changeWords).join(', ')}`]),
    ...(env === null ? [] : [`  env: ${env}`]),
    ...(unapplied === null ? [] : [`  ${unapplied}`]),
  ]
}

/** Of the supervisor as a whole. Empty: nothing to tell. */
export function renderNotApplied(changes: readonly SettingChange[]): string {
  const words = unappliedWords(changes)
  return words === null ? '' : `${words}\n`
}

function slotRows({ app, slots }: ReloadPlan): string[] {
  const cells = slots.map(({ slot, action, pid, bootMs }) => [
    { text: `  ${slotName(app, slot)}` },
    { text: ACTIONS[action] },
    {
      text: [pid === null ? '' : `pid ${pid}`, bootMs === null ? '' : `booted in ${duration(bootMs)}`]
        .filter(Boolean)
        .join(', '),
    },
  ])
  return columns(cells, ['left', 'left', 'left']).map((line) => line.trimEnd())
}

const ACTIONS = {
  replace: 'replaced',
  start: 'started',
  leave: 'left alone: stopped by hand',
  remove: 'removed: fewer instances',
} as const

function canaryRow({ canary }: ReloadPlan): string[] {
  if (canary === null) return []
  const { instances, observeMs } = canary
  return [`  canary: ${count(instances, 'worker')} first, watched for ${duration(observeMs)} before the others follow`]
}

function paceWords({ surge, floor }: ReloadPlan): string {
  const ready = `at least ${count(floor, 'worker')} ready all the time`
  return surge === 0 ? `old before new (surge 0), ${ready}` : `new before old, ${surge} at a time, ${ready}`
}

function timeWords({ expectedMs, drainDeadlineMs }: ReloadPlan): string {
  const drain = `what old workers take to drain (each ${duration(drainDeadlineMs)} at most)`
  return expectedMs === null
    ? `takes as long as the boots, and ${drain}`
    : `takes about ${duration(expectedMs)} by the last boots, and ${drain}`
}

function planChanges({ settings, env, notApplied }: AppChanges): string[] {
  const names = envWords(env)
  const unapplied = unappliedWords(notApplied)
  if (settings.length === 0 && names === null && unapplied === null) return ['  settings and env: no change']
  return [
    ...settings.map((change) => `  setting: ${changeWords(change)}`),
    ...(names === null ? [] : [`  env: ${names}`]),
    ...(unapplied === null ? [] : [`  ${unapplied}`]),
  ]
}
