// The destinations of one log: stdout, stderr and the file. Two streams that lead to the same place share one queue.

import type { Clock } from '../../clock.ts'
import type { LogSettings } from '../../config/settings.ts'
import type { ResilEvent } from '../../events/events.ts'
import { createFileTarget, type FileTarget } from './file-target.ts'
import type { Destinations } from './format.ts'
import { createOutlet } from './outlet.ts'
import { createStreamTarget, isSameTarget } from './stream-target.ts'

export interface OutletsOptions {
  readonly settings: LogSettings
  readonly fds: { readonly stdout: number; readonly stderr: number }
  readonly clock: Clock
  readonly publish: (event: ResilEvent) => void
}

export interface Outlets {
  readonly to: Destinations
  /** What was written before has reached its destinations, or `deadlineMs` have passed. */
  written(deadlineMs: number): Promise<void>
  /** The same before an end: what was lost is told as well. */
  flush(deadlineMs: number): Promise<void>
  reopen(): void
  close(): void
}

export function openOutlets({ settings, fds, clock, publish }: OutletsOptions): Outlets {
  const stdout = createOutlet(createStreamTarget(fds.stdout, 'stdout'), clock, publish)
  const stderr = isSameTarget(fds.stdout, fds.stderr)
    ? stdout
    : createOutlet(createStreamTarget(fds.stderr, 'stderr'), clock, publish)
  const fileTarget = createFile(settings, publish)
  const file = fileTarget === null ? null : createOutlet(fileTarget, clock, publish)
  const all = [...new Set(file === null ? [stdout, stderr] : [stdout, stderr, file])]
  const written = async (deadlineMs: number): Promise<void> => {
    await Promise.all(all.map((outlet) => outlet.flush(deadlineMs)))
  }

  return {
    to: { stdout: stdout.write, stderr: stderr.write, file: file?.write ?? null },
    written,
    async flush(deadlineMs) {
      const until = clock.now() + deadlineMs
      await written(deadlineMs)
      // What one destination lost is told in the others, so they are flushed once more.
      for (const outlet of all) outlet.settle()
      await written(Math.max(0, until - clock.now()))
    },
    reopen: () => fileTarget?.reopen(),
    close() {
      for (const outlet of all) outlet.close()
    },
  }
}

function createFile(settings: LogSettings, publish: (event: ResilEvent) => void): FileTarget | null {
  const { file, maxSizeBytes, maxFiles } = settings
  if (file === undefined) return null
  const onRotationFailed = (error: string) => publish({ type: 'log.rotationFailed', file, error })
  return createFileTarget({ path: file, maxSizeBytes, maxFiles, onRotationFailed })
}
