// The one union of everything that happens. Log, --json, control stream, metrics, incidents and tests all read it.
// Past tense; ids and numbers rather than sentences. describe.ts makes the English.

import type { CanaryReport } from './canary-report.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentKind } from './incident-kind.ts'

/** Stands where a slot's number does, for workers in reserve. */
export const STANDBY_SLOT = -1

/** Who an event is about. `id` is unique in a supervisor's life; a slot's number outlives its workers. */
export interface WorkerRef {
  readonly app: string
  /** STANDBY_SLOT: a standby, which has none yet. */
  readonly slot: number
  /** Counts up from 1 with every fork. */
  readonly id: number
  /** null: the fork itself failed. */
  readonly pid: number | null
  readonly generation: number
}

/** How a worker ended, in a closed vocabulary. `planned` covers reload, scale, restart and stop. */
export type ExitKind =
  | 'planned'
  | 'clean'
  | 'code'
  | 'signal'
  | 'oom'
  | 'boot-failure'
  | 'boot-timeout'
  | 'fork-failed'
  /** Ended by resil, and no replacement was ready: its event loop did not turn; it was over its memory; it was otherwise unwell. */
  | 'hang'
  | 'memory'
  | 'unhealthy'

/** What an ended worker left behind. */
export interface ExitDetails {
  readonly kind: ExitKind
  readonly code: number | null
  readonly signal: string | null
  readonly uptimeMs: number
  /** Such as EAGAIN for a fork that failed, or EADDRINUSE for a listen that did. */
  readonly errorCode: string | null
  /** Port that could not be listened on, if that is why. */
  readonly port: number | null
  readonly atMs: number
}

export type DrainCause = 'stop' | 'reload' | 'restart' | 'scale' | 'rollback' | ReplaceCause | EndCause

/** Why a worker is replaced though it serves: over a limit (memory, event-loop lag, CPU), or old enough by age or requests. */
export type ReplaceCause = 'memory' | 'lag' | 'cpu' | 'age' | 'requests'

/** Why a worker has to go, with or without a replacement. */
export type EndCause = 'memory' | 'liveness' | 'hang' | 'lag' | 'cpu'

/** What a slot does after one of its workers ended. */
export type AfterExit =
  | { readonly do: 'restart'; readonly delayMs: number }
  | { readonly do: 'wait-for-gate' }
  | { readonly do: 'park' }
  | { readonly do: 'nothing' }

export type ReloadFailure = {
  readonly slot: number
  readonly worker: number
  readonly reason: ExitKind | 'missing-port' | 'probe-failed' | 'canary'
  readonly exit: ExitDetails | null
  /** Ports or socket paths that the last generation had and this worker did not listen on. */
  readonly missing: readonly string[]
  /** probe-failed: which one, and what it said: "readiness: GET /ready: 503". */
  readonly probe?: string
  /** Of a canary that did worse than the old release. */
  readonly canary?: CanaryReport
}

export type SupervisorEvent =
  | {
      readonly type: 'supervisor.started'
      readonly name: string
      readonly pid: number
      readonly version: string
      readonly node: string
      readonly apps: readonly {
        readonly name: string
        readonly script: string
        readonly instances: number
        readonly reason: string
      }[]
      readonly socket: string | null
    }
  | {
      readonly type: 'supervisor.signalled'
      readonly signal: string
      readonly action: 'stop' | 'stop-again' | 'force-stop' | 'reload' | 'scale-up' | 'scale-down' | 'ignored'
    }
  | {
      readonly type: 'supervisor.stopping'
      readonly cause: string
      readonly deadlineMs: number
      readonly forced: boolean
    }
  | { readonly type: 'supervisor.stopped'; readonly exitCode: number; readonly cause: string }
  /** It did not run for so long (stopped, paused, starved of CPU): nobody else is blamed for that time. */
  | { readonly type: 'supervisor.overslept'; readonly lateMs: number }
  | { readonly type: 'supervisor.faulted'; readonly message: string; readonly stack: string | null }
  | { readonly type: 'invariant.violated'; readonly invariant: number; readonly message: string }
  | {
      readonly type: 'output.dropped'
      readonly bytes: number
      readonly lines: number
      /** stdout, stderr, or the log file's path. */
      readonly to: string
      /** Such as ENOSPC; null: the reader was too slow. */
      readonly error: string | null
    }
  | { readonly type: 'log.rotationFailed'; readonly file: string; readonly error: string }
  /** Workers of an earlier supervisor that was killed; they had outlived it. */
  | { readonly type: 'orphans.ended'; readonly pids: readonly number[] }
  | { readonly type: 'control.recreated'; readonly socket: string }
  | { readonly type: 'admin.listening'; readonly host: string; readonly port: number }
  | {
      readonly type: 'admin.listenFailed'
      readonly host: string
      readonly port: number
      /** Such as EADDRINUSE. */
      readonly code: string
      /** Who holds the port, where that can be told. */
      readonly owner: string | null
      readonly retryInMs: number
    }
  /** Something that the person who starts should know: a sentence, since it comes from checks and not from the core. */
  | { readonly type: 'supervisor.warned'; readonly message: string }

export type AppEvent =
  | { readonly type: 'app.waiting'; readonly app: string; readonly dependsOn: readonly string[] }
  | {
      readonly type: 'app.running'
      readonly app: string
      readonly ready: number
      readonly instances: number
      readonly ports: readonly number[]
      readonly bootMs: number
    }
  | { readonly type: 'app.degraded'; readonly app: string; readonly ready: number; readonly instances: number }
  | {
      readonly type: 'app.failed'
      readonly app: string
      /** dependency: an app that it depends on has failed or was stopped. */
      readonly reason: 'never-ready' | 'exhausted' | 'dependency'
      readonly exit: ExitDetails | null
    }
  | { readonly type: 'app.ended'; readonly app: string; readonly exitCode: number }
  | {
      readonly type: 'app.scaled'
      readonly app: string
      readonly request: string
      readonly from: number
      readonly to: number
    }
  /** The app can't have standbys. `never-listens`: there is no listen() to hold back; `listens-alone`: it listens past the cluster. */
  | { readonly type: 'app.standbyRefused'; readonly app: string; readonly reason: 'never-listens' | 'listens-alone' }
  | { readonly type: 'app.stopped'; readonly app: string }
  | { readonly type: 'slot.parked'; readonly app: string; readonly slot: number }

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

/** What is found from outside, by whichever watchdog or probe. */
export type WatchdogEvent =
  | {
      readonly type: 'watchdog.tripped'
      readonly worker: WorkerRef
      readonly watchdog: 'memory' | 'hang' | 'event-loop' | 'cpu' | 'probe'
      readonly action: 'replace' | 'kill' | 'report'
      readonly measured: number
      readonly limit: number
      readonly unit: 'bytes' | 'ms' | 'ratio' | 'failures'
      /** What else is worth knowing, as a clause: "for 10 s", "GET /healthz: 503". May be empty. */
      readonly detail: string
      readonly evidence?: Evidence
    }
  | { readonly type: 'evidence.taken'; readonly worker: WorkerRef; readonly evidence: Evidence }

/** What the app's own strategies do, as its workers tell it. */
export type StrategyEvent =
  /** It was open in no worker before. */
  | {
      readonly type: 'breaker.opened'
      readonly app: string
      readonly name: string
      readonly openIn: number
      /** Workers that have told of one with this name. */
      readonly workers: number
    }
  /** Open in no worker any more, half-open neither; also when those workers are gone. */
  | { readonly type: 'breaker.closed'; readonly app: string; readonly name: string }
  | { readonly type: 'chaos.injecting'; readonly app: string; readonly name: string; readonly injected: number }
  /** `injected`: all since it began. */
  | {
      readonly type: 'chaos.ended'
      readonly app: string
      readonly name: string
      readonly injected: number
      readonly quietMs: number
    }

/** What is made of the other events: failures with a name, and whether they could be kept. */
export type IncidentEvent =
  | {
      readonly type: 'incident.opened'
      readonly incident: string
      readonly kind: IncidentKind
      /** null: the supervisor itself, or the machine. */
      readonly app: string | null
      readonly summary: string
      readonly hint: string | null
    }
  /** More is known about it, or it has become worse. */
  | {
      readonly type: 'incident.worsened'
      readonly incident: string
      readonly kind: IncidentKind
      readonly from: IncidentKind
      readonly app: string | null
      readonly summary: string
      readonly hint: string | null
    }
  | {
      readonly type: 'incident.resolved'
      readonly incident: string
      readonly kind: IncidentKind
      readonly app: string | null
      readonly failures: number
      readonly lastedMs: number
    }
  | { readonly type: 'incidents.unsaved'; readonly dir: string; readonly error: string }

/** What became of telling others. */
export type HookEvent =
  | {
      readonly type: 'hook.failed'
      readonly hook: HookName
      readonly app: string
      /** A command, or the origin of a URL: what follows it may be a secret. */
      readonly target: string
      readonly reason: string
    }
  | {
      readonly type: 'hook.recovered'
      readonly hook: HookName
      readonly app: string
      readonly target: string
      readonly failures: number
    }
  /** More was to be told than the hooks could take. */
  | { readonly type: 'hook.dropped'; readonly count: number }

export type HookName = 'onCrash' | 'onExhausted' | 'onIncident' | 'onReload'

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
