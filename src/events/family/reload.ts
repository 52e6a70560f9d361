// Reloads and restarts that somebody asked for, canaries included, and how they ended.

import type { CanaryReport } from '../canary-report.ts'
import type { ExitDetails, ExitKind } from '../exit.ts'

export type ReloadEvent =
  | {
      readonly type: 'reload.started'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly restart: boolean
      readonly slots: number
    }
  | {
      readonly type: 'reload.slotReplaced'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly slot: number
      readonly bootMs: number
      readonly pid: number | null
    }
  /** The first workers of the new generation serve; the others wait for what comes of them. */
  | {
      readonly type: 'reload.canaryStarted'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly slots: readonly number[]
      readonly observeMs: number
    }
  | {
      readonly type: 'reload.canaryPassed'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly report: CanaryReport
    }
  | {
      readonly type: 'reload.finished'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly tookMs: number
    }
  | {
      readonly type: 'reload.rolledBack'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly kept: number
      readonly failure: ReloadFailure
      readonly tookMs: number
    }
  | {
      readonly type: 'reload.superseded'
      readonly app: string
      readonly generation: number
      readonly request: string
      readonly restart: boolean
      readonly by: 'stop' | 'reload' | 'restart' | 'failure'
    }
  /** Without rollback the first failure stops it: what is ready of either generation serves on. */
  | {
      readonly type: 'reload.halted'
      readonly app: string
      readonly generation: number
      readonly request: string
      /** Workers of the new generation that serve. */
      readonly replaced: number
      readonly failure: ReloadFailure
      readonly tookMs: number
    }
  /** A restart ends at the first slot that does not come back; that slot goes on by the law of crashes. */
  | {
      readonly type: 'restart.failed'
      readonly app: string
      readonly request: string
      readonly failure: ReloadFailure
      readonly tookMs: number
    }
  | { readonly type: 'request.refused'; readonly app: string; readonly request: string; readonly reason: string }

/** What a rollout that comes no further waits for. See stall-words.ts. */
export type StallCause = 'dependency' | 'unkillable' | 'silent' | 'unready' | 'gate' | 'floor' | 'room'

export type ReloadFailure = {
  readonly slot: number
  readonly worker: number
  readonly reason: ExitKind | 'missing-port' | 'probe-failed' | 'canary' | 'stalled'
  readonly exit: ExitDetails | null
  /** Ports or socket paths that the last generation had and this worker did not listen on. */
  readonly missing: readonly string[]
  /** probe-failed: which one, and what it said: "readiness: GET /ready: 503". */
  readonly probe?: string
  /** stalled: what it waited for. */
  readonly stall?: StallCause
  /** Of a canary that did worse than the old release. */
  readonly canary?: CanaryReport
}
