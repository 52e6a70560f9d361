// Everything that can happen to a supervisor, as data. Signals, timers, IPC and the control socket only make these.

import type { AppSettings, CanarySettings, ProbeName } from '../config/settings.ts'
import type { DescriptorCount } from './watchdogs/descriptors.ts'
import type { Examination, LivenessAlibi } from './watchdogs/hang.ts'

/** What a person asks for, through the control socket or a signal. `request` comes back in the events that answer it. */
export type ControlInput =
  /** New before old, one slot after the other; `settings` replaces the app's when the config was read again. */
  | {
      readonly type: 'reload.requested'
      readonly app: string
      readonly request: string
      readonly settings: AppSettings | null
      /** The new workers need not listen on what the old ones do. */
      readonly allowPortChange?: boolean | undefined
      /** It takes the place of a rollout that is under way. */
      readonly supersede?: boolean | undefined
      /** Instead of the settings' own; null: none. */
      readonly canary?: CanarySettings | null | undefined
    }
  /** Old before new: for apps that can't run twice. One slot, or all of the app's in turn. */
  | {
      readonly type: 'restart.requested'
      readonly app: string
      readonly slot: number | null
      readonly request: string
      readonly supersede?: boolean | undefined
    }
  /** null app: the whole supervisor. A slot: that slot only, which stays parked. `force`: no drain. */
  | {
      readonly type: 'stop.requested'
      readonly app: string | null
      readonly slot: number | null
      readonly cause: string
      readonly force: boolean
    }
  | {
      readonly type: 'scale.requested'
      readonly app: string
      readonly to: { readonly by: 'absolute' | 'relative'; readonly count: number }
      readonly request: string
    }

export interface WorkerSample {
  readonly worker: number
  readonly rssBytes: number
  /** Of one core, since the sample before; null: it is the first. */
  readonly cpuShare: number | null
}

/** What the world reports about a worker. `worker` is the id that its fork command carried. */
export type WorkerInput =
  | { readonly type: 'worker.forked'; readonly worker: number; readonly pid: number }
  | {
      readonly type: 'worker.listening'
      readonly worker: number
      readonly port: number | null
      readonly address: string | null
      /** It asked for any free port (0): the next one that listens so may get another. */
      readonly ephemeral?: boolean
    }
  /** A standby has come to its listen(), and waits. */
  | { readonly type: 'worker.held'; readonly worker: number }
  /** The entry was evaluated without a throw. */
  | { readonly type: 'worker.loaded'; readonly worker: number }
  /** It listens, and its event loop turns after whatever the app did there. */
  | { readonly type: 'worker.turned'; readonly worker: number }
  /** process.send('ready') or ready(). */
  | { readonly type: 'worker.messagedReady'; readonly worker: number }
  | {
      readonly type: 'worker.listenFailed'
      readonly worker: number
      readonly code: string
      readonly port: number | null
      readonly address: string | null
      readonly owner: string | null
    }
  /** It has drained, and so many connections had something in hand when its time was up. */
  | { readonly type: 'worker.cutOff'; readonly worker: number; readonly connections: number }
  | {
      readonly type: 'probe.answered'
      readonly worker: number
      readonly probe: ProbeName
      readonly ok: boolean
      /** "GET /healthz: 503" */
      readonly detail: string
      /** Of a failing liveness probe: why the worker can't help it. */
      readonly alibi?: LivenessAlibi
    }
  /** The agent's sample, once a second: its event loop turns. */
  | {
      readonly type: 'worker.beat'
      readonly worker: number
      /** Bytes. */
      readonly heapUsed: number
      /** Event-loop delay since the beat before, 99th percentile. */
      readonly delayP99Ms: number
      /** Event-loop utilization since the beat before, 0..1. */
      readonly utilization: number
      readonly connections: number
      /** Begun since the worker's start. */
      readonly requests: number
      /** Responses since the worker's start, as far as the agent can count them. `failed`: status 500 and above, or cut off. */
      readonly responses?: undefined | { readonly answered: number; readonly failed: number }
    }
  /** Answer to the command `examine`. See watchdogs/hang.ts. */
  | ({ readonly type: 'worker.examined'; readonly worker: number } & Omit<Examination, 'at'>)
  /** Measured from outside, all workers at once, about once a second. */
  | { readonly type: 'workers.sampled'; readonly samples: readonly WorkerSample[] }
  /** The same of their descriptors, every few seconds. */
  | {
      readonly type: 'workers.descriptorsCounted'
      readonly counts: readonly (DescriptorCount & { readonly worker: number })[]
    }
  | {
      readonly type: 'worker.exited'
      readonly worker: number
      readonly code: number | null
      readonly signal: string | null
      /** fork() itself failed with this code (EAGAIN, ENOMEM): there never was a process. */
      readonly forkError: string | null
      /** The cgroup's oom_kill counter moved since the last look. */
      readonly oomKilled: boolean
    }

/** Time passed; deadlines in the state may be due. */
export type TickInput = { readonly type: 'tick' }

/** The supervisor itself was not running for so long (stopped, paused, starved): nobody else can be blamed for that time. */
export type OversleptInput = { readonly type: 'supervisor.overslept'; readonly lateMs: number }

export type Input = ControlInput | WorkerInput | TickInput | OversleptInput
