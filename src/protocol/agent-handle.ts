// What the agent offers to the app in its process, and where `resil/worker` finds it. Agent and worker.ts agree here,
// because they may come from two installations: the supervisor's resil and the app's own.

/** Not enumerable on globalThis: an app that doesn't import resil/worker does not come across it. */
export const AGENT_HANDLE: unique symbol = Symbol.for('resil.agent')

/** Why and for how long a worker drains. */
export interface DrainNotice {
  /** Milliseconds from now until what is still open gets cut off. */
  readonly deadlineMs: number
  /** The signal that the app gets when all is done, such as SIGTERM. */
  readonly signal: string
}

export type DrainListener = (drain: DrainNotice) => void | Promise<void>

/** What the agent reads off a strategy of resil/patterns. */
export interface WatchedStrategy {
  readonly kind: string
  readonly name: string
  readonly disposed: boolean
  metrics(): unknown
}

/** What the agent reads off a health registry of resil/patterns. */
export interface WatchedHealth {
  report(kind: string): {
    readonly status: string
    readonly checks: Readonly<Record<string, { readonly status: string; readonly output?: string | undefined }>>
  }
}

export interface AgentHandle {
  /** false: the supervisor could not be told, because the channel to it is closed. */
  ready(): boolean
  /** Returns a function that takes the listener back. */
  onDrain(listener: DrainListener): () => void
  readonly draining: boolean
  /** Whether chaos() in the app's code may inject faults. False until the supervisor has said that it may. */
  readonly chaosAllowed: boolean
  /** Tells of it in `resil status` from now on. Held weakly: what the app lets go is gone. */
  watch(strategy: WatchedStrategy): void
  /** Probes over ipc ask it from now on. Returns a function that takes it back. */
  watchHealth(registry: WatchedHealth): () => void
}
