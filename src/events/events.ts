// The one union of everything that happens. Log, --json, control stream, metrics, incidents and tests all read it.
// Past tense; ids and numbers rather than sentences: describe.ts makes the English, severity.ts says how loud it is.
// Each family of events has its file in family/.

import type { AppEvent } from './family/app.ts'
import type { GateEvent } from './family/gate.ts'
import type { HookEvent } from './family/hook.ts'
import type { IncidentEvent } from './family/incident.ts'
import type { ReloadEvent } from './family/reload.ts'
import type { StrategyEvent } from './family/strategy.ts'
import type { SupervisorEvent } from './family/supervisor.ts'
import type { WatchdogEvent } from './family/watchdog.ts'
import type { WorkerEvent } from './family/worker.ts'

export type ResilEvent =
  | SupervisorEvent
  | AppEvent
  | WorkerEvent
  | WatchdogEvent
  | GateEvent
  | ReloadEvent
  | StrategyEvent
  | IncidentEvent
  | HookEvent

/** As published: stamped with wall time and a number that has no holes. */
export type PublishedEvent = ResilEvent & { readonly at: number; readonly seq: number }
