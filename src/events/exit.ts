// How a worker ended, and what its slot does next: a closed vocabulary. supervisor/classify-exit.ts chooses the word,
// describe-exit.ts makes English of it.

/** How a worker ended, in a closed vocabulary. `planned` covers reload, scale, restart and stop. */
export const EXIT_KINDS = [
  'planned',
  'clean',
  'code',
  'signal',
  'oom',
  'boot-failure',
  'boot-timeout',
  'fork-failed',
  // Ended by resil, and no replacement was ready: its event loop did not turn; it was over its memory; it was otherwise unwell.
  'hang',
  'memory',
  'unhealthy',
] as const

export type ExitKind = (typeof EXIT_KINDS)[number]

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

/** What a slot does after one of its workers ended. */
export type AfterExit =
  | { readonly do: 'restart'; readonly delayMs: number }
  | { readonly do: 'wait-for-gate' }
  | { readonly do: 'park' }
  | { readonly do: 'nothing' }
