// What is said about restart gates: held, tried, resumed.

import { assertNever } from '../errors.ts'
import type { GateEvent } from './family/gate.ts'
import { count, duration, slotName, workerName } from './words.ts'

export function describeGate(event: GateEvent): string {
  const who = slotName(event.app, event.slot)
  switch (event.type) {
    case 'gate.opened':
      return `${who} ${whyOpened(event)}: ${untilWhen(event)}`
    case 'gate.trialStarted':
      return `${workerName(event.worker)} is on trial: if it stays up, restarts of ${who} are no longer held`
    case 'gate.closed':
      return `${who} stays up again: restarts are no longer held`
    default:
      return assertNever(event)
  }
}

type GateOpened = Extract<GateEvent, { type: 'gate.opened' }>

function whyOpened({ cause, crashes }: GateOpened): string {
  switch (cause) {
    case 'crash-window':
      return `crashed ${count(crashes, 'time')} within restart.window`
    case 'storm-budget':
      return 'crashes faster than restart.storm allows over all its workers'
    case 'trial-failed':
      return 'failed its trial'
    default:
      return assertNever(cause)
  }
}

function untilWhen({ app, slot, retryInMs, cause }: GateOpened): string {
  if (!Number.isFinite(retryInMs)) return `restarts are held until "resil restart ${slotName(app, slot)}"`
  return `restarts are ${cause === 'trial-failed' ? 'still ' : ''}held; one trial in ${duration(retryInMs)}`
}
