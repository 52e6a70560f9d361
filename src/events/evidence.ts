// What was seen inside a worker that is in trouble, small enough to travel in an event and to lie in an incident.
// Large things (profiles, heap snapshots) are files; here is their path. Who takes what, and when, is the watchdogs' affair.

/** One call, as the worker's own code names it. */
export interface StackFrame {
  /** Empty: anonymous. */
  readonly name: string
  /** Path or URL of its source; null: native. */
  readonly file: string | null
  /** From 1. */
  readonly line: number | null
  readonly column: number | null
}

/** A function's share of a profile. */
export interface ProfiledFunction extends StackFrame {
  /** Of the profile's time spent in the function itself, 0..1. */
  readonly selfRatio: number
}

/** What Node's report of a fatal error says in short. */
export interface FatalReport {
  /** In V8's words. */
  readonly event?: string
  /** The innermost calls, as Node writes them. There are none where the heap was full. */
  readonly stack?: readonly string[]
  readonly heap?: { readonly usedBytes: number; readonly limitBytes: number }
}

export type Evidence =
  /** Where the main thread stood, innermost call first. */
  | { readonly kind: 'stack'; readonly frames: readonly StackFrame[]; readonly tookMs: number }
  /** What the kernel says of a thread that gives no stack: its state (R, S, D …) and where it sleeps; `finding` in words. */
  | { readonly kind: 'triage'; readonly state: string; readonly waitsIn: string | null; readonly finding: string }
  | {
      readonly kind: 'cpu-profile'
      readonly file: string
      readonly durationMs: number
      /** The costliest first. */
      readonly top: readonly ProfiledFunction[]
    }
  /** As v8.getHeapStatistics() names them, bytes and counts. */
  | {
      readonly kind: 'heap-statistics'
      readonly numbers: Readonly<Record<string, number>>
      /** Bytes in use by space, such as old_space. */
      readonly spaces?: Readonly<Record<string, number>>
    }
  | { readonly kind: 'heap-snapshot'; readonly file: string; readonly bytes: number }
  /** Node's diagnostic report. */
  | ({ readonly kind: 'report'; readonly file: string } & FatalReport)
  /** It was tried, and why there is nothing. */
  | { readonly kind: 'none'; readonly reason: string }
