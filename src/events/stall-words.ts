// What held up a reload or restart until nobody waited any longer, and what to do about it.

import { assertNever } from '../errors.ts'
import type { StallCause } from './family/reload.ts'
import { slotName } from './words.ts'

export function stallWords(app: string, slot: number, stall: StallCause): string {
  const who = slotName(app, slot)
  switch (stall) {
    case 'dependency':
      return `${app} still waits for an app that it depends on; \`resil status\` shows which`
    case 'unkillable':
      return `a worker of ${who} does not end, though it was sent SIGKILL: the kernel holds it, as a rule for a disk or a network file system`
    case 'silent':
      return `the event loop of ${who} does not turn`
    case 'unready':
      return `${who} gets no traffic, since its readiness probe fails`
    case 'gate':
      return `${who} crashed too often and waits for its gate; \`resil restart ${who}\` opens that at once`
    case 'floor':
      return `the new ${who} is there, and the old one can't go: fewer workers are ready than reload.maxUnavailable asks for`
    case 'room':
      return `${who} got no further: other workers boot, or take the place of the extra worker`
    default:
      return assertNever(stall)
  }
}
