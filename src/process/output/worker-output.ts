// Reads what one worker writes, until both its streams have ended: a crashed worker's last words are still in the pipe
// when its exit is seen. Where the lines go is the caller's.

import type { Readable } from 'node:stream'
import type { Clock, Timer } from '../../clock.ts'
import type { WorkerRef } from '../../events/worker-ref.ts'
import type { LogLine } from '../../protocol/control.ts'
import { readingDeadline } from '../reading-deadline.ts'
import { createLineSplitter } from './line-splitter.ts'

/** Lines up to this stay whole. */
const MAX_LINE_BYTES = 4 * 1024 * 1024

/** How long after the worker's exit its streams may stay open: a process that it left behind may hold them for ever. */
const EXIT_GRACE_MS = 500

export interface WorkerOutput {
  /** Both streams have ended, or the grace after the exit is over. */
  readonly closed: Promise<void>
  /** The worker has ended: from now on the grace runs. */
  exited(): void
  /** Lets go of the streams at once. */
  close(): void
}

export interface WorkerOutputOptions {
  /** Its slot is asked for at each line: a standby gets one when it is promoted. */
  readonly worker: Pick<WorkerRef, 'app' | 'slot' | 'pid'>
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  readonly clock: Clock
  readonly onLine: (line: LogLine) => void
}

export function attachOutput({ worker, stdout, stderr, clock, onLine }: WorkerOutputOptions): WorkerOutput {
  const { app, pid } = worker
  const open = new Set<Readable>()
  let grace: Pick<Timer, 'cancel'> | null = null
  let resolveClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })

  function read(stream: Readable | null, name: 'stdout' | 'stderr'): void {
    if (stream === null) return
    open.add(stream)
    // One stamp per chunk: lines that came together were written together.
    let at = clock.wallNow()
    const splitter = createLineSplitter(
      (text) => onLine({ at, app, slot: worker.slot, pid, stream: name, text }),
      MAX_LINE_BYTES,
    )
    stream.on('data', (chunk: Buffer) => {
      at = clock.wallNow()
      splitter.write(chunk)
    })
    const end = () => {
      if (!open.delete(stream)) return
      splitter.end()
      if (open.size === 0) finish()
    }
    // A pipe that fails has nothing more to say; without a listener it would end the supervisor.
    stream.on('error', end).on('end', end).on('close', end)
  }

  function finish(): void {
    grace?.cancel()
    grace = null
    resolveClosed()
  }

  read(stdout, 'stdout')
  read(stderr, 'stderr')
  if (open.size === 0) resolveClosed()

  return {
    closed,
    exited() {
      if (open.size === 0 || grace !== null) return
      const letGo = () => {
        // Somebody else still writes. It is read on, for a closed pipe would kill it, but nothing waits for it any more.
        for (const stream of open) if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
        finish()
      }
      grace = readingDeadline(clock, letGo, EXIT_GRACE_MS)
    },
    close() {
      for (const stream of open) stream.destroy()
    },
  }
}
