// Restarts that are held back: a slot or an app crashed too often, and one trial worker goes at a time.

import type { WorkerRef } from '../worker-ref.ts'

export type GateEvent =
  | {
      readonly type: 'gate.opened'
      readonly app: string
      readonly slot: number | null
      readonly cause: 'crash-window' | 'storm-budget' | 'trial-failed'
      readonly crashes: number
      readonly retryInMs: number
    }
  | {
      readonly type: 'gate.trialStarted'
      readonly app: string
      readonly slot: number | null
      readonly worker: WorkerRef
    }
  | { readonly type: 'gate.closed'; readonly app: string; readonly slot: number | null }
