// The words that all strategies share: what a caller passes in, what an action gets, and how an outcome is judged.

export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly durationMs: number }
  | { readonly ok: false; readonly error: unknown; readonly durationMs: number }

/**
 * `ignore` passes through and is counted as neither. By default a value is a success and an error is a failure, except
 * resil's own rejections (see RejectionCode), which say nothing about the dependency. A call that its caller aborts is
 * never put to a classifier: it is ignored.
 */
export type Verdict = 'success' | 'failure' | 'ignore'
/** A classifier that throws, or returns no verdict, is a bug in the program: the call fails with what it threw, and the outcome is ignored. */
export type Classify<In> = (outcome: Outcome<In>) => Verdict

/** What an action gets. One for each attempt; a hedge is an attempt. */
export interface Call {
  /** Made when first read. Aborted by the caller, by a timeout around it, or by losing a hedge; never reused by the next attempt. */
  readonly signal: AbortSignal
  /** 1 for the first. */
  readonly attempt: number
  /** Until the nearest timeout around it; Infinity if there is none. */
  readonly remainingMs: number
  /** Name of the pipeline, or of the strategy where it stands alone. */
  readonly pipeline: string
  readonly key: string | undefined
  /** What a wrapped function was called with; empty for `execute`. */
  readonly args: readonly unknown[]
}

export type Action<T> = (call: Call) => T | PromiseLike<T>

export interface CallOptions {
  /** Aborting it rejects the call with `signal.reason` at once, wherever it waits. */
  readonly signal?: AbortSignal | undefined
  /** A tighter deadline, for this call alone. */
  readonly timeoutMs?: number | undefined
  /** For caches and limiters by key. */
  readonly key?: string | undefined
  /** Higher goes first in a queue. Default 0. */
  readonly priority?: number | undefined
}

/** A call told as a value, with what it took. */
export type Report<T> = Outcome<T> & {
  readonly attempts: number
  /** Name of the fallback that served this, if one did. */
  readonly degradedBy: string | undefined
}
