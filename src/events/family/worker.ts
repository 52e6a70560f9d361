// The life of one worker, from fork to exit. What watchdogs and probes find out about it is in watchdog.ts.

import type { DrainCause, EndCause, ReplaceCause } from '../causes.ts'
import type { AfterExit, ExitDetails } from '../exit.ts'
import type { WorkerRef } from '../worker-ref.ts'

export type WorkerEvent =
  | { readonly type: 'worker.forked'; readonly worker: WorkerRef; readonly trial: boolean }
  | {
      readonly type: 'worker.listening'
      readonly worker: WorkerRef
      readonly port: number | null
      readonly address: string | null
    }
  | {
      readonly type: 'worker.ready'
      readonly worker: WorkerRef
      readonly bootMs: number
      readonly by: 'listening' | 'message' | 'started' | 'probe'
    }
  | {
      readonly type: 'worker.listenFailed'
      readonly worker: WorkerRef
      readonly code: string
      readonly port: number | null
      readonly address: string | null
      readonly owner: string | null
    }
  | {
      readonly type: 'worker.draining'
      readonly worker: WorkerRef
      readonly cause: DrainCause
      readonly deadlineMs: number
    }
  | {
      readonly type: 'worker.signalled'
      readonly worker: WorkerRef
      readonly signal: string
      /** A DrainCause: it was still booting, so a signal is enough. */
      readonly reason: 'boot-timeout' | 'startup-probe' | 'drain-deadline' | 'unresponsive' | 'forced' | DrainCause
    }
  /** It drained, and so many connections had something in hand when its deadline was over. */
  | { readonly type: 'worker.cutOff'; readonly worker: WorkerRef; readonly connections: number }
  /** A standby has booted as far as its listen(), and waits in reserve. */
  | { readonly type: 'worker.standing'; readonly worker: WorkerRef; readonly bootMs: number }
  /** A standby takes a vacant slot; it listens next. */
  | { readonly type: 'worker.promoted'; readonly worker: WorkerRef }
  /** It gets no new connections, or gets them again: its readiness probe has turned. */
  | {
      readonly type: 'worker.rotated'
      readonly worker: WorkerRef
      readonly inRotation: boolean
      /** What the probe said. */
      readonly detail: string
    }
  /** Nothing has been heard of its event loop for so long; it is looked at. */
  | { readonly type: 'worker.suspected'; readonly worker: WorkerRef; readonly silentMs: number }
  /** A suspect has been heard of again. */
  | { readonly type: 'worker.recovered'; readonly worker: WorkerRef; readonly silentMs: number }
  /** It is to be replaced: a new worker boots beside it. */
  | {
      readonly type: 'worker.replacing'
      readonly worker: WorkerRef
      readonly cause: ReplaceCause | EndCause
    }
  /** The new worker has taken the slot of `worker`, which drains. */
  | {
      readonly type: 'worker.replaced'
      readonly worker: WorkerRef
      readonly cause: ReplaceCause | EndCause
      readonly by: WorkerRef
      readonly bootMs: number
    }
  /** The new worker died before it was ready; `worker` serves on until the next attempt. */
  | {
      readonly type: 'worker.replacementFailed'
      readonly worker: WorkerRef
      readonly exit: ExitDetails
      readonly retryInMs: number
    }
  | {
      readonly type: 'worker.exited'
      readonly worker: WorkerRef
      readonly exit: ExitDetails
      readonly after: AfterExit
      readonly crashes: number
    }
