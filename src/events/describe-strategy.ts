// What is said about the breakers and the chaos in an app's own code.

import { assertNever } from '../errors.ts'
import type { StrategyEvent } from './family/strategy.ts'
import { count, duration } from './words.ts'

export function describeStrategy(event: StrategyEvent): string {
  const { app, name } = event
  switch (event.type) {
    case 'breaker.opened':
      // So far: the others follow with their next calls, and nothing tells of them but status.
      return `${app}: circuit breaker "${name}" has opened, in ${count(event.openIn, 'worker')} so far: its calls fail at once until trial calls succeed; mend what it calls`
    case 'breaker.closed':
      return `${app}: circuit breaker "${name}" is open in no worker any more`
    case 'chaos.injecting':
      return `${app}: chaos() "${name}" makes calls fail on purpose (${count(event.injected, 'fault')} so far), since chaos.allowed is true`
    case 'chaos.ended':
      return `${app}: chaos() "${name}" has injected nothing for ${duration(event.quietMs)} (${count(event.injected, 'fault')} in all)`
    default:
      return assertNever(event)
  }
}
