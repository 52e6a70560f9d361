// The control protocol: JSON lines over the supervisor's Unix socket. This file is types only, so that a client loads nothing.
// Request schemas (checked by the supervisor) are in control/operations.ts.

import type { CanaryReport } from '../events/canary-report.ts'
import type { PublishedEvent } from '../events/events.ts'
import type { Evidence } from '../events/evidence.ts'
import type { ReloadFailure } from '../events/family/reload.ts'
import type { Incident, IncidentSummary } from '../incidents/incident.ts'
import type { AppChanges, ReloadPlan, SettingChange } from './reload-plan.ts'
import type { StatusDocument } from './status.ts'

/** app, or app:slot where an operation allows it. Absent: all apps. */
export type Target = string

/** A line of a worker's output, or of resil's own log. */
export interface LogLine {
  /** Wall milliseconds. */
  readonly at: number
  readonly app: string | null
  readonly slot: number | null
  readonly pid: number | null
  readonly stream: 'stdout' | 'stderr' | 'resil'
  readonly text: string
}

export interface ReloadVerdict {
  readonly app: string
  readonly request: string
  /** halted: stopped at the first failure, where `reload.rollback` is false. failed: a restart that ended at a slot which did not come back. */
  readonly outcome: 'finished' | 'rolled-back' | 'halted' | 'failed' | 'superseded' | 'refused'
  readonly generation: number
  readonly tookMs: number
  readonly slots: readonly {
    readonly slot: number
    /** removed: there are fewer instances now. down: no release serves there. */
    readonly outcome: 'replaced' | 'failed' | 'kept' | 'removed' | 'down'
    readonly pid: number | null
    readonly bootMs: number | null
  }[]
  readonly failure: ReloadFailure | null
  /** rolled-back: ready workers of the old release; 0: it does not serve either. */
  readonly kept?: number
  /** What the new release brings besides the app's own files; absent where nothing was tried. */
  readonly changes?: AppChanges
  /** What a canary that passed has shown. One that did not is in the failure. */
  readonly canary?: CanaryReport
  /** Why it was refused or superseded. */
  readonly reason: string | null
}

export interface ReloadParams {
  readonly app?: string | undefined
  /** The new workers need not listen on what the old ones do. */
  readonly allowPortChange?: boolean | undefined
  /** Takes the place of a reload or restart that is under way. */
  readonly supersede?: boolean | undefined
  /** Takes the place of the supervisor's own environment below the config's, for the new workers. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** So many workers try the new release first, whatever the config says; 0: none do. */
  readonly canary?: number | undefined
}

export type DiagnoseRequest =
  | { readonly kind: 'stack' }
  | { readonly kind: 'heap-statistics' }
  | { readonly kind: 'cpu-profile'; readonly durationMs: number; readonly file: string }
  | { readonly kind: 'heap-snapshot'; readonly file: string; readonly force: boolean }

/** By what it is named. */
export type DiagnosisFileKind = 'cpuprofile' | 'heapsnapshot'

/** Said before what takes long. */
export interface DiagnoseProgress {
  readonly note: string
}

export interface DiagnoseResult {
  readonly app: string
  readonly slot: number
  readonly pid: number
  readonly evidence: Evidence
}

/** Operation name → [params, result]. `logs` and `events` stream `item` lines before the result. */
export interface Operations {
  ping: [
    params: Record<string, never>,
    result: {
      readonly name: string
      readonly pid: number
      readonly version: string
      readonly dir: string
      readonly apps: readonly string[]
    },
  ]
  status: [params: { readonly app?: string | undefined }, result: StatusDocument]
  reload: [
    params: ReloadParams,
    result: {
      readonly verdicts: readonly ReloadVerdict[]
      /** Of the supervisor as a whole: these need a restart of resil. */
      readonly notApplied: readonly SettingChange[]
    },
  ]
  /** What a reload would do; nothing is changed. */
  plan: [
    params: ReloadParams,
    result: { readonly plans: readonly ReloadPlan[]; readonly notApplied: readonly SettingChange[] },
  ]
  restart: [
    params: { readonly target?: Target | undefined; readonly supersede?: boolean | undefined },
    result: { readonly verdicts: readonly ReloadVerdict[] },
  ]
  stop: [
    params: { readonly target?: Target | undefined; readonly force?: boolean | undefined },
    result: { readonly stopped: readonly string[] /** The whole supervisor ends. */; readonly supervisor: boolean },
  ]
  scale: [
    params: { readonly app: string /** Absolute "4", or relative "+1", "-1". */; readonly to: string },
    result: { readonly app: string; readonly from: number; readonly to: number },
  ]
  logs: [
    params: {
      readonly app?: string | undefined
      readonly follow?: boolean | undefined /** Wall ms. */
      readonly since?: number | undefined
      readonly grep?: string | undefined
      readonly lines?: number | undefined
    },
    result: { readonly dropped: number },
  ]
  incidents: [
    params: {
      readonly app?: string | undefined /** Wall ms: those that went on after it. */
      readonly since?: number | undefined
      readonly limit?: number | undefined
    },
    result: { readonly incidents: readonly IncidentSummary[] },
  ]
  /** The incident of that id; without one the newest, an open one before those that are over. null: nothing was recorded. */
  why: [
    params: { readonly id?: string | undefined; readonly app?: string | undefined },
    result: { readonly incident: Incident | null },
  ]
  /** Looks into one worker. `file`: absolute; made by the worker or the supervisor, and must not exist. */
  diagnose: [
    params: { readonly target: Target; readonly request: DiagnoseRequest; readonly timeBoxMs?: number | undefined },
    result: DiagnoseResult,
  ]
  events: [params: { readonly follow?: boolean | undefined }, result: Record<string, never>]
}
export type OperationName = keyof Operations
export type ParamsOf<Op extends OperationName> = Operations[Op][0]
export type ResultOf<Op extends OperationName> = Operations[Op][1]
/** What a streaming operation sends before its result; progress of reload and restart are events too. */
export type ItemOf<Op extends OperationName> = Op extends 'logs'
  ? LogLine
  : Op extends 'diagnose'
    ? DiagnoseProgress
    : Op extends 'events' | 'reload' | 'restart' | 'stop'
      ? PublishedEvent
      : never

export type Request<Op extends OperationName = OperationName> = {
  readonly id: number
  readonly op: Op
  readonly params: ParamsOf<Op>
}
export type Reply<Op extends OperationName = OperationName> =
  | { readonly id: number; readonly item: ItemOf<Op> }
  | { readonly id: number; readonly ok: true; readonly result: ResultOf<Op> }
  | {
      readonly id: number | null
      readonly ok: false
      readonly error: { readonly code: string; readonly message: string }
    }

/** A longer request line is refused: nothing that resil sends comes near. */
export const MAX_REQUEST_BYTES = 64 * 1024

/** A profile of more would be too large for the tools that open it. */
export const LONGEST_PROFILE_MS = 120_000
