// Where a sink's bytes go: a stream that never blocks, or a file. Queueing, waiting and counting are the sink's.

/** A write has taken `written` bytes; `error` is the code of what stopped it there, EAGAIN where it can take no more now. */
export interface Written {
  readonly written: number
  readonly error: string | null
}

export interface Target {
  /** How people know it: stdout, stderr, or a path. */
  readonly name: string
  /** One write at a time. Never throws, never rejects. */
  write(bytes: Buffer): Written | Promise<Written>
  close(): void
}

export const WOULD_BLOCK = 'EAGAIN'

/** The reader is gone for good: no later write can succeed. */
export function isGone(error: string): boolean {
  return error === 'EPIPE' || error === 'EIO' || error === 'EBADF' || error === 'ENXIO'
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EUNKNOWN'
}
