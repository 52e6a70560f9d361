// What the core wants done. process/execute.ts does it; whatever comes of it returns as an input.

import type { AppSettings } from '../config/settings.ts'
import type { WorkerRef } from '../events/worker-ref.ts'

export type Command =
  | {
      readonly type: 'fork'
      readonly worker: number
      readonly app: string
      readonly slot: number
      readonly generation: number
      readonly settings: AppSettings
      /** Its listen() waits for `promote`. */
      readonly standby: boolean
    }
  /** Whether it gets new connections, while others of its port do. */
  | { readonly type: 'rotate'; readonly worker: number; readonly inRotation: boolean }
  /** A standby may listen; from now on it belongs to the slot. */
  | { readonly type: 'promote'; readonly worker: number; readonly slot: number }
  /** Ask the agent to take nothing new, finish what is in hand and end. */
  | {
      readonly type: 'drain'
      readonly worker: number
      readonly deadlineMs: number
      readonly idleWaitMs: number
      readonly signal: NodeJS.Signals
    }
  | { readonly type: 'signal'; readonly worker: number; readonly signal: string }
  /** Look at its process; the answer is the input worker.examined, always and at once. */
  | { readonly type: 'examine'; readonly worker: number }
  /** What comes of it is told as evidence.taken. */
  | {
      readonly type: 'take-evidence'
      readonly worker: number
      readonly ref: WorkerRef
      readonly kind: 'stack'
      readonly timeBoxMs: number
    }
  /** Nothing is left to supervise. */
  | { readonly type: 'exit'; readonly code: number }
