// What the control server may ask of a running supervisor. process/ implements it; tests hand in a fake.

import type { Reread } from '../config/reapply.ts'
import type { AppSettings, CanarySettings } from '../config/settings.ts'
import type { PublishedEvent } from '../events/events.ts'
import type { Evidence } from '../events/evidence.ts'
import type { Incident, IncidentSummary } from '../incidents/incident.ts'
import type { DiagnoseRequest, LogLine } from '../protocol/control.ts'
import type { ReloadPlan } from '../protocol/reload-plan.ts'
import type { StatusDocument } from '../protocol/status.ts'
import type { ControlInput } from '../supervisor/inputs.ts'

export interface Subscription {
  close(): void
}

export interface PlanOptions {
  readonly allowPortChange: boolean
  readonly supersede: boolean
  readonly canary: CanarySettings | null
}

export interface ControlPort {
  readonly name: string
  readonly dir: string
  readonly appNames: () => readonly string[]
  /** Slot numbers of an app, for the error that lists what there is. */
  readonly slotsOf: (app: string) => readonly number[]
  status(): StatusDocument
  /** Only enqueues; what came of it arrives as events that carry the request's id. */
  submit(input: ControlInput): void
  /**
   * Reads config and envFile again for a reload, and compares them with what runs. `base` takes the place of the supervisor's own
   * environment below them. Throws ResilError where they are wrong.
   */
  reread(base: Readonly<Record<string, string>> | null): Promise<Reread>
  /** What a reload with these settings would do now. */
  plan(app: string, settings: AppSettings | null, options: PlanOptions): Omit<ReloadPlan, 'changes'>
  /** Takes evidence of the worker of a slot; null where the slot has none. Never rejects. */
  diagnose(
    slot: { readonly app: string; readonly slot: number },
    request: DiagnoseRequest,
    options: { readonly timeBoxMs: number; readonly signal: AbortSignal },
  ): Promise<{ readonly pid: number; readonly evidence: Evidence } | null>
  readonly events: {
    /** Oldest first, bounded. */
    recent(): readonly PublishedEvent[]
    subscribe(listener: (event: PublishedEvent) => void): Subscription
  }
  readonly incidents: {
    /** Newest first, bounded. Resolves when those of earlier lives have been read. */
    list(): Promise<readonly IncidentSummary[]>
    get(id: string): Promise<Incident | null>
  }
  readonly logs: {
    /** Oldest first, bounded. */
    recent(): readonly LogLine[]
    subscribe(listener: (line: LogLine) => void): Subscription
  }
}
