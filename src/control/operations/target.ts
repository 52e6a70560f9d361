// What a person means by "web" or "web:2", checked against what there is.

import { didYouMean } from '../../config/suggest.ts'
import { ResilError } from '../../errors.ts'
import type { ControlPort } from '../port.ts'

export interface SlotTarget {
  readonly app: string
  /** null: all of the app. */
  readonly slot: number | null
}

/** Throws RESIL_UNKNOWN_TARGET with what there is instead. An app called "web:2" wins over slot 2 of web. */
export function findTarget(port: ControlPort, target: string): SlotTarget {
  const apps = port.appNames()
  if (apps.includes(target)) return { app: target, slot: null }
  const [, app, digits] = /^(.+):(\d+)$/.exec(target) ?? []
  if (app === undefined || !apps.includes(app)) throw unknownApp(port, app ?? target)
  const slot = Number(digits)
  const slots = port.slotsOf(app)
  if (slots.includes(slot)) return { app, slot }
  throw new ResilError('RESIL_UNKNOWN_TARGET', `${app} has no slot ${slot}; its slots are ${slots.join(', ')}`)
}

export function findApp(port: ControlPort, name: string): string {
  if (port.appNames().includes(name)) return name
  throw unknownApp(port, name)
}

function unknownApp(port: ControlPort, name: string): ResilError {
  const apps = port.appNames()
  const there = apps.length === 1 ? `the only app of ${port.name} is ${apps[0]}` : `${port.name} has ${apps.join(', ')}`
  const hint = didYouMean(name, apps)
  return new ResilError('RESIL_UNKNOWN_TARGET', `there is no app "${name}": ${there}${hint}`)
}
