// The supervisor's log, put together: workers' output and resil's events in, formatted lines out, the newest remembered.
// Nothing in here waits for a reader or fails: what can't be written is dropped, counted and told.

import type { Readable } from 'node:stream'
import type { Clock } from '../../clock.ts'
import type { LogSettings } from '../../config/settings.ts'
import { messageOf } from '../../errors.ts'
import { describe } from '../../events/describe.ts'
import type { PublishedEvent } from '../../events/events.ts'
import type { Publisher } from '../../events/publisher.ts'
import { type Severity, severityOf } from '../../events/severity.ts'
import { subjectOf } from '../../events/subject.ts'
import { count } from '../../events/words.ts'
import type { WorkerRef } from '../../events/worker-ref.ts'
import type { LogLine } from '../../protocol/control.ts'
import { handOnAfterWriting } from './after-writing.ts'
import { createBootOutput } from './boot-output.ts'
import { createFormat } from './format.ts'
import { openOutlets } from './outlets.ts'
import { createRecentLines, RECENT_LINES } from './recent-lines.ts'
import { attachOutput, type WorkerOutput } from './worker-output.ts'

export interface LogOptions {
  readonly settings: LogSettings
  /** Descriptors of the supervisor's own stdout and stderr: 1 and 2. They stay open. */
  readonly fds: { readonly stdout: number; readonly stderr: number }
  readonly isTty: { readonly stdout: boolean; readonly stderr: boolean }
  /** For NO_COLOR, FORCE_COLOR and TERM. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** The log tells what is published here, and publishes here what it loses. */
  readonly publisher: Publisher
  /** Hears of each event, in order, once its line can be read where the log goes. */
  readonly onWritten?: (event: PublishedEvent) => void
}

/** What the log gets of a line of stderr; null: nothing. */
export type StderrSieve = (line: string) => string | null

export interface Log {
  /** Reads a worker's output to its end. Call it right after the fork, before anything can be written. */
  capture(worker: WorkerRef, stdout: Readable | null, stderr: Readable | null, sieve?: StderrSieve): WorkerOutput
  /** All that the worker wrote has come, as far as it is waited for after its exit. */
  ended(worker: number): Promise<void>
  /** A line from elsewhere. */
  line(line: LogLine): void
  /** Oldest first, bounded. */
  recent(): readonly LogLine[]
  /** The newest lines of an app's worker, oldest first; null slot: of any of its workers. */
  lastWords(app: string, slot: number | null, count: number): readonly LogLine[]
  subscribe(listener: (line: LogLine) => void): { close(): void }
  /** Before the supervisor exits: everything said so far is written, as far as readers take it within `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
  /** Opens the log file anew, after somebody moved it away. */
  reopen(): void
  close(): void
}

const LOUDNESS: readonly LogSettings['level'][] = ['debug', 'info', 'warn', 'error', 'silent']

export async function openLog(options: LogOptions): Promise<Log> {
  const { settings, fds, isTty, env, clock, publisher, onWritten } = options
  const outlets = openOutlets({ settings, fds, clock, publish: publisher.publish })
  const afterWriting = onWritten === undefined ? null : handOnAfterWriting(outlets.written, onWritten)
  const format = await createFormat({ settings, isTty, env, to: outlets.to })
  const recent = createRecentLines(RECENT_LINES, (error) =>
    publisher.publish({
      type: 'supervisor.faulted',
      message: `a listener of lines threw: ${messageOf(error)}`,
      stack: error instanceof Error ? (error.stack ?? null) : null,
    }),
  )
  const bootOutput = createBootOutput(clock, show)
  const open = new Map<number, WorkerOutput>()
  const untold: PublishedEvent[] = []
  const subscription = publisher.subscribe((event) => {
    untold.push(event)
    if (event.type === 'worker.exited') open.get(event.worker.id)?.exited()
    tellInOrder()
  })

  function show(line: LogLine): void {
    recent.push(line)
    format.line(line)
  }

  /** A worker's last words come before what resil makes of its end, so its end waits until they are all here. */
  function tellInOrder(): void {
    for (let event = untold[0]; event !== undefined; event = untold[0]) {
      if (event.type === 'worker.exited' && open.has(event.worker.id)) return
      untold.shift()
      tell(event)
    }
  }

  function tell(event: PublishedEvent): void {
    write(event)
    afterWriting?.add(event)
  }

  function write(event: PublishedEvent): void {
    if (event.type === 'worker.ready') bootOutput.ready(event.worker.app)
    if (event.type === 'worker.exited') bootOutput.ended(event.worker.id, isFailedBoot(event))
    if (!isLoudEnough(severityOf(event), settings.level)) return
    const text = describe(event) + noteOn(event)
    recent.push({ at: event.at, ...subjectOf(event), stream: 'resil', text })
    format.own(event, text)
  }

  function noteOn(event: PublishedEvent): string {
    const others = event.type === 'app.failed' ? bootOutput.repetitions(event.app) : 0
    return others === 0 ? '' : ` (same error in ${count(others, 'other boot')})`
  }

  return {
    capture(worker, stdout, stderr, sieve = (line) => line) {
      bootOutput.booting(worker.id, worker.app)
      const onLine = (line: LogLine) => {
        const text = line.stream === 'stderr' ? sieve(line.text) : line.text
        if (text !== null) bootOutput.line(worker.id, text === line.text ? line : { ...line, text })
      }
      const output = attachOutput({ worker, stdout, stderr, clock, onLine })
      open.set(worker.id, output)
      void output.closed.then(() => {
        open.delete(worker.id)
        tellInOrder()
      })
      return output
    },
    ended: async (worker) => open.get(worker)?.closed,
    line: show,
    recent: recent.recent,
    lastWords: recent.lastWords,
    subscribe: recent.subscribe,
    async flush(deadlineMs) {
      const until = clock.now() + deadlineMs
      const ending = untold.flatMap((event) =>
        event.type === 'worker.exited' ? (open.get(event.worker.id) ?? []) : [],
      )
      await withDeadline(clock, deadlineMs, Promise.all(ending.map(({ closed }) => closed)))
      for (const event of untold.splice(0)) tell(event)
      bootOutput.release()
      await outlets.flush(Math.max(0, until - clock.now()))
      afterWriting?.release()
    },
    reopen: outlets.reopen,
    close() {
      subscription.close()
      for (const output of open.values()) output.close()
      outlets.close()
    },
  }
}

function isFailedBoot({ exit }: Extract<PublishedEvent, { type: 'worker.exited' }>): boolean {
  return exit.kind === 'boot-failure' || exit.kind === 'boot-timeout'
}

function isLoudEnough(severity: Severity, level: LogSettings['level']): boolean {
  return LOUDNESS.indexOf(severity) >= LOUDNESS.indexOf(level)
}

function withDeadline(clock: Clock, deadlineMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, deadlineMs)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
