// What is found out about a worker from outside, by whichever watchdog or probe, and the evidence of it.
// What is done about it is in worker.ts.

import type { Alibi } from '../alibi-words.ts'
import type { Evidence } from '../evidence.ts'
import type { WorkerRef } from '../worker-ref.ts'

export type WatchdogEvent =
  | {
      readonly type: 'watchdog.tripped'
      readonly worker: WorkerRef
      readonly watchdog: 'memory' | 'hang' | 'event-loop' | 'cpu' | 'descriptors' | 'probe'
      readonly action: 'replace' | 'kill' | 'report'
      readonly measured: number
      readonly limit: number
      readonly unit: 'bytes' | 'ms' | 'ratio' | 'descriptors' | 'failures'
      /** What else is worth knowing, as a clause: "for 10 s", "GET /healthz: 503". May be empty. */
      readonly detail: string
      /** Of a report: what it is left alone for, whatever the action would be. */
      readonly spared?: Alibi
      readonly evidence?: Evidence
    }
  /** What was found has gone away by itself. Of a hang worker.recovered says it. */
  | {
      readonly type: 'watchdog.calmed'
      readonly worker: WorkerRef
      readonly watchdog: 'memory' | 'event-loop' | 'cpu' | 'descriptors' | 'probe'
    }
  | { readonly type: 'evidence.taken'; readonly worker: WorkerRef; readonly evidence: Evidence }
