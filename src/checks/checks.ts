// Ready-made health checks. Those of this process may decide over its life; those of a dependency may only take it out of
// rotation (healthRegistry refuses them as liveness).

import type { CircuitBreaker } from '../patterns/circuit-breaker/circuit-breaker.ts'
import type { Check } from '../patterns/health/check.ts'
import { show } from '../patterns/options.ts'
import { diskCheck } from './disk.ts'
import { eventLoopCheck } from './event-loop.ts'
import { memoryCheck } from './memory.ts'
import { httpCheck, tcpCheck } from './network.ts'

export const checks = {
  /** Free space where `path` is. Default path '.', minFreeRatio 0.1. */
  disk: diskCheck,
  /** Memory in use, of the container's limit or the machine's. Default maxRatio 0.9. */
  memory: memoryCheck,
  /** How late the event loop runs, 99th percentile since the last check. Default maxDelayP99Ms 500. */
  eventLoop: eventLoopCheck,
  /** Whether a port takes connections. */
  tcp: tcpCheck,
  /** Whether a URL answers, with `expectStatus` or any 2xx. */
  http: httpCheck,
  /** A breaker's state: open fails, half-open warns. */
  breaker: breakerCheck,
}

function breakerCheck(breaker: CircuitBreaker<never>): Check<true> {
  if ((breaker as Partial<CircuitBreaker> | undefined)?.kind !== 'circuitBreaker') {
    throw new TypeError(`checks.breaker: it needs a circuitBreaker(), got ${show(breaker)}`)
  }
  return {
    dependency: true,
    run: () => {
      const { state } = breaker
      const bad = state === 'open' || state === 'forced-open'
      return {
        status: state === 'closed' ? 'pass' : bad ? 'fail' : 'warn',
        output: `circuit "${breaker.name}" is ${state}`,
      }
    },
  }
}
