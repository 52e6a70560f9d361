// What is said about an app as a whole.

import { assertNever } from '../errors.ts'
import { exitWords } from './describe-exit.ts'
import type { AppEvent } from './family/app.ts'
import { count, duration, list, slotName } from './words.ts'

export function describeApp(event: AppEvent): string {
  switch (event.type) {
    case 'app.waiting':
      return `${event.app} waits until ${list(event.dependsOn)} ${event.dependsOn.length === 1 ? 'is' : 'are'} ready`
    case 'app.running':
      return `${event.app} is running: ${readyOf(event)}${portsOf(event.ports)} after ${duration(event.bootMs)}`
    case 'app.degraded':
      return `${event.app} is degraded: ${readyOf(event)}`
    case 'app.failed':
      return `${event.app} ${failureOf(event)}`
    case 'app.ended':
      return `${event.app} has ended: its restart policy starts no worker again (exit code ${event.exitCode})`
    case 'app.scaled':
      return `${event.app} is scaled from ${event.from} to ${count(event.to, 'worker')}`
    case 'app.standbyRefused':
      return `${event.app} can't have standbys: ${REFUSED[event.reason]}; set standby to 0`
    case 'app.stopped':
      return `${event.app} is stopped`
    case 'slot.parked': {
      const slot = slotName(event.app, event.slot)
      return `${slot} is stopped and stays so until "resil restart ${slot}"`
    }
    default:
      return assertNever(event)
  }
}

const REFUSED: { readonly [Reason in Extract<AppEvent, { type: 'app.standbyRefused' }>['reason']]: string } = {
  'never-listens': 'it never listens, so a second one would do its work twice',
  'listens-alone': 'it listens past the cluster (exclusive, or reusePort), so a standby would answer clients',
}

function readyOf({ ready, instances }: { readonly ready: number; readonly instances: number }): string {
  return `${ready} of ${count(instances, 'worker')} ready`
}

function portsOf(ports: readonly number[]): string {
  if (ports.length === 0) return ''
  return ` on ${ports.length === 1 ? 'port' : 'ports'} ${list(ports.map(String))}`
}

function failureOf({ reason, exit }: Extract<AppEvent, { type: 'app.failed' }>): string {
  const last = exit === null ? '' : ` (its last worker ${exitWords(exit)})`
  switch (reason) {
    case 'never-ready':
      return `never became ready and is given up${last}: mend what its own output says, then start it again`
    case 'exhausted':
      return `is given up, because its workers do not stay up${last}: mend what its own output says, then start it again`
    case 'dependency':
      return 'is given up, because an app that it depends on failed or was stopped'
    default:
      return assertNever(reason)
  }
}
