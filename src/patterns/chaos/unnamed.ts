// Faults by chaos() without a name, counted together: one number of this process for the supervisor, however many there are.
// The supervisor has to know of all of them: who looks for a cause at night did not name them.

import type { ChaosMetrics } from '../metrics.ts'
import { tellSupervisor } from '../supervised.ts'

export type Fault = 'error' | 'latency' | 'hang' | 'outcome'
type Injected = Readonly<Record<Fault, number>>

const injected = { error: 0, latency: 0, hang: 0, outcome: 0 }
const all = { kind: 'chaos', name: 'unnamed', disposed: false, metrics: () => metricsOf(injected) }
let told = false

export function countUnnamed(fault: Fault): void {
  injected[fault] += 1
  if (told) return
  told = true
  tellSupervisor(all)
}

export function metricsOf({ error, latency, hang, outcome }: Injected): ChaosMetrics {
  return { errors: error, latencies: latency, hangs: hang, outcomes: outcome }
}
