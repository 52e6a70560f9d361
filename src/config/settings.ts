// Settings: the configuration after defaults, units, paths and checks. What the supervisor obeys.
// How a person writes them is config/schema.ts; how one becomes the other is config/resolve.ts.

/** When a worker may get traffic. `auto`: listening, or a ready message, or (for an app that never listens) loaded and alive for 10 s. */
export type ReadyOn = 'auto' | 'listening' | 'message' | 'started' | 'probe'

/** Which exits bring a worker back. */
export type RestartPolicy = 'always' | 'on-failure' | 'never'

/** What an app does when a restart gate opens. */
export type OnExhausted = 'probe' | 'exit' | 'hold'

/** All durations in milliseconds. */
export interface AppSettings {
  readonly name: string
  /** Absolute path of the entry, as it was named: what `process.argv[1]` shows. */
  readonly script: string
  /** The same file without symbolic links, so that a generation stays with the release that it began with. */
  readonly realScript: string
  readonly args: readonly string[]
  /** Absolute, without symbolic links. */
  readonly cwd: string
  /** Flags for node itself, such as --max-old-space-size=512. */
  readonly nodeArgs: readonly string[]
  /** In place of the supervisor's own environment, below `env`; null: that one. Only `resil reload --update-env` brings another. */
  readonly baseEnv: Readonly<Record<string, string>> | null
  /** Added to (and overriding) the base. Holds what `env` and `envFile` gave. */
  readonly env: Readonly<Record<string, string>>
  /** How many workers; at least 1. */
  readonly instances: number
  /** How `instances` came about, for the start banner: "2 CPUs by cgroup quota", "-w 4". */
  readonly instancesReason: string
  readonly ready: {
    readonly on: ReadyOn
    readonly timeoutMs: number
    /** How long a worker must survive after it became ready before a reload counts on it. */
    readonly minReadyMs: number
  }
  readonly restart: {
    readonly policy: RestartPolicy
    readonly backoff: BackoffSettings
    readonly window: { readonly maxRestarts: number; readonly withinMs: number }
    /** `max: 'auto'` is max(5, 2 · instances). */
    readonly storm: { readonly max: number | 'auto'; readonly halfLifeMs: number }
    /** Ready for so long forgives one crash. */
    readonly stableAfterMs: number
    /** Exit codes that mean "do not start me again". */
    readonly stopExitCodes: readonly number[]
    readonly onExhausted: OnExhausted
  }
  readonly shutdown: {
    /** Covers all of a stop, `readinessDelayMs` and `killAfterMs` included. */
    readonly deadlineMs: number
    readonly signal: NodeJS.Signals
    /** From the signal to SIGKILL. */
    readonly killAfterMs: number
    readonly readinessDelayMs: number
    /** The longest that an idle keep-alive connection is waited for. */
    readonly idleWaitMs: number
  }
  readonly reload: {
    /** The most extra workers. */
    readonly surge: number
    readonly maxUnavailable: number
    /** The wait between one slot's replacement and the next. */
    readonly cooldownMs: number
    readonly rollback: boolean
    /** Tries a new release on a few workers first; null: does not. */
    readonly canary: CanarySettings | null
  }
  /** Booted workers in reserve, whose listen() waits until one of them is needed. */
  readonly standby: number
  readonly watchdogs: WatchdogSettings
  /** Each worker has a thread of the agent, which reads its stack without a signal. */
  readonly agentThread: boolean
  /** Node's report of a worker that ends by a fatal error is kept. */
  readonly fatalReport: boolean
  /** V8's heap in each worker, where the container's memory must be shared; null: as V8 thinks best. */
  readonly heapLimitBytes: number | null
  readonly probes: { readonly [Name in ProbeName]: ProbeSettings | null }
  /** Workers are replaced when they are old enough; null: never. */
  readonly recycle: RecycleSettings | null
  /** Names of apps that must be ready before this one starts, and stop after it. */
  readonly dependsOn: readonly string[]
  /** The same client address gets the same slot. */
  readonly sticky: boolean
  readonly hooks: HookSettings
  /** Workers accept for themselves, each slot on a socket of its own (SO_REUSEPORT). */
  readonly reusePort: boolean
  /** false: workers write straight to the supervisor's own stdout and stderr. */
  readonly captureOutput: boolean
  /** chaos() in the app's code may inject faults. */
  readonly chaosAllowed: boolean
}

export type WatchdogAction = 'replace' | 'kill' | 'report'

/** null: not watched. */
export interface WatchdogSettings {
  readonly memory: MemoryLimits | null
  readonly cpu: CpuLimit | null
  readonly eventLoop: EventLoopLimits | null
  readonly hang: HangLimits | null
  readonly descriptors: DescriptorLimits | null
}

/** Resident memory. Both limits null: there is none in the container, and nobody wrote one. */
export interface MemoryLimits {
  readonly softBytes: number | null
  readonly hardBytes: number | null
  readonly sustainMs: number
  /** Whether growth towards `hardBytes` counts too. */
  readonly predict: boolean
  readonly action: WatchdogAction
  /**
   * What the workers of all apps have together. Nobody wrote the limits: they follow from it, and from how many workers there are
   * by now; those here are for as many as are configured. null: they were written, or nothing limits the container.
   */
  readonly sharedBytes: number | null
}

export interface CpuLimit {
  /** Of one core. */
  readonly share: number
  readonly sustainMs: number
  readonly action: WatchdogAction
}

/** At least one limit is there. */
export interface EventLoopLimits {
  readonly delayP99Ms: number | null
  /** 0..1 */
  readonly utilization: number | null
  readonly sustainMs: number
  readonly action: WatchdogAction
}

export interface DescriptorLimits {
  /** Of the process's limit. */
  readonly share: number
  readonly sustainMs: number
  /** `auto`: replace, unless half of them or more are its clients' connections. */
  readonly action: WatchdogAction | 'auto'
}

export interface HangLimits {
  readonly suspectAfterMs: number
  readonly replaceAfterMs: number
  readonly evidence: 'stack' | 'none'
  /** `auto`: replace where the worker listens, else report. */
  readonly action: WatchdogAction | 'auto'
}

export type ProbeName = 'startup' | 'liveness' | 'readiness'

export interface ProbeSettings {
  readonly ask: ProbeQuestion
  readonly intervalMs: number
  readonly timeoutMs: number
  /** In a row. */
  readonly failureThreshold: number
  readonly successThreshold: number
}

export type ProbeQuestion =
  /** A path on the worker's first port, or a URL. */
  | { readonly by: 'http'; readonly target: string }
  | { readonly by: 'tcp'; readonly port: number }
  | { readonly by: 'exec'; readonly command: readonly string[] }
  | { readonly by: 'ipc' }

export interface CanarySettings {
  readonly instances: number
  readonly observeMs: number
  /** Share of failed requests, 0..1. */
  readonly maxErrorRate: number
  /** null: lag is not judged. */
  readonly maxLagP99Ms: number | null
}

export interface RecycleSettings {
  readonly maxAgeMs: number | null
  /** Answered by one worker. */
  readonly maxRequests: number | null
  /** A limit is stretched by U[0, jitter), anew for each worker. */
  readonly jitter: number
  /** Never recycle a younger worker. */
  readonly minLifeMs: number
}

export interface BackoffSettings {
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** The actual wait is d · (1 + U[0, jitter)). */
  readonly jitter: number
}

/** Whom to tell of what; absent: nobody. */
export interface HookSettings {
  readonly onCrash?: HookTarget
  readonly onExhausted?: HookTarget
  readonly onIncident?: HookTarget
  readonly onReload?: HookTarget
}

export type HookTarget =
  /** At least the command itself. */
  { readonly via: 'exec'; readonly command: readonly string[] } | { readonly via: 'webhook'; readonly url: string }

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'pretty' | 'json'
  /** Absolute path; absent: stdout only. */
  readonly file?: string
  readonly maxSizeBytes: number
  readonly maxFiles: number
}

/** HTTP for probes, Prometheus and operators. */
export interface AdminSettings {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Absent: nothing can be changed over HTTP. */
  readonly token?: string
}

export interface Settings {
  /** The supervisor's name: what `resil status` and the socket are called. */
  readonly name: string
  /** Absolute; the folder that the supervisor belongs to. With the entry it identifies the socket. */
  readonly dir: string
  /** The config file, if there is one. */
  readonly configFile?: string
  /** In the order in which they were written; at least one. */
  readonly apps: readonly AppSettings[]
  /** How connections reach workers. One policy per supervisor: node:cluster freezes it at the first fork. */
  readonly schedule: 'round-robin' | 'shared'
  readonly log: LogSettings
  /** Absent: off. */
  readonly admin?: AdminSettings
  /** Absolute; where incidents are kept. Absent: the usual places. */
  readonly stateDir?: string
  /** Control socket path that overrides the usual search. */
  readonly socket?: string
}
