// Keeps incidents: on disk within bounds, in memory where the disk is full, read-only or missing. Whoever puts one never waits
// and never fails. Files are written one after the other, behind the supervisor's back; what changes meanwhile is written once.

import type { Clock, Timer } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { ResilEvent } from '../../events/events.ts'
import { type Incident, type IncidentSummary, summaryOf } from '../../incidents/incident.ts'
import { listIncidentFiles, readIncident, removeIncident, removeLeftovers, writeIncident } from './incident-files.ts'

export interface StoreBounds {
  readonly maxCount: number
  readonly maxBytes: number
  /** Of those that are in memory only. */
  readonly maxCountInMemory: number
}

export const STORE_BOUNDS: StoreBounds = { maxCount: 100, maxBytes: 8 * 1024 * 1024, maxCountInMemory: 20 }

/** An incident that grows is written at most so often. */
const WRITE_PAUSE_MS = 250
/** A full disk is tried again so often. */
const RETRY_MS = 30_000

export interface IncidentStore {
  /** What an earlier life left, newest first: `open` ones whole, and the highest id of all. Settles when it has been read. */
  readonly loaded: Promise<{ readonly open: readonly Incident[]; readonly lastId: string | null }>
  put(incident: Incident): void
  /** Newest first. */
  list(): readonly IncidentSummary[]
  /** null: there is none. */
  get(id: string): Promise<Incident | null>
  readonly kept: 'disk' | 'memory'
  /** Resolves when all is written, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
  close(): void
}

interface Entry {
  readonly summary: IncidentSummary
  /** On disk; 0: not yet. */
  readonly bytes: number
  /** Until it is written and over. */
  readonly whole: Incident | null
}

export function openStore({
  dir,
  clock,
  publish,
  bounds = STORE_BOUNDS,
}: {
  readonly dir: string | null
  readonly clock: Clock
  readonly publish: (event: ResilEvent) => void
  readonly bounds?: StoreBounds
}): IncidentStore {
  const entries = new Map<string, Entry>()
  const unwritten = new Set<string>()
  /** Why the last write failed; null: it did not. */
  let fault: string | null = null
  let timer: Timer | null = null
  let writing: Promise<void> | null = null
  /** Nothing is written before: what is on its way to the disk looks like a leftover. */
  const tidied = dir === null ? Promise.resolve() : removeLeftovers(dir)

  function put(incident: Incident): void {
    const bytes = entries.get(incident.id)?.bytes ?? 0
    entries.set(incident.id, { summary: summaryOf(incident), bytes, whole: incident })
    unwritten.add(incident.id)
    if (dir === null || fault !== null) boundMemory()
    if (timer === null) write()
  }

  function write(): void {
    if (dir === null || writing !== null) return
    writing = writeAll(dir).finally(() => {
      writing = null
    })
  }

  async function writeAll(to: string): Promise<void> {
    await tidied
    for (const id of [...unwritten]) {
      unwritten.delete(id)
      const whole = entries.get(id)?.whole
      if (whole == null) continue
      try {
        const bytes = await writeIncident(to, whole)
        noteWritten(id, whole, bytes)
      } catch (error) {
        unwritten.add(id)
        return onFault(to, (error as NodeJS.ErrnoException).code ?? messageOf(error))
      }
    }
    fault = null
    await boundDisk(to)
    wakeAfter(WRITE_PAUSE_MS)
  }

  function noteWritten(id: string, whole: Incident, bytes: number): void {
    const entry = entries.get(id)
    // It may have changed while it was written.
    if (entry === undefined || entry.whole !== whole) return
    entries.set(id, { ...entry, bytes, whole: whole.state === 'open' ? whole : null })
  }

  function onFault(to: string, code: string): void {
    if (fault === null) publish({ type: 'incidents.unsaved', dir: to, error: code })
    fault = code
    boundMemory()
    wakeAfter(RETRY_MS)
  }

  function wakeAfter(ms: number): void {
    timer?.cancel()
    timer = clock.setTimeout(() => {
      timer = null
      if (unwritten.size > 0) write()
    }, ms)
    // What is left to write is flushed at the end; alone it is no reason to stay.
    timer.unref?.()
  }

  async function boundDisk(from: string): Promise<void> {
    let bytes = [...entries.values()].reduce((sum, entry) => sum + entry.bytes, 0)
    let count = entries.size
    for (const id of expendable()) {
      if (count <= bounds.maxCount && bytes <= bounds.maxBytes) return
      bytes -= entries.get(id)?.bytes ?? 0
      count -= 1
      entries.delete(id)
      unwritten.delete(id)
      await removeIncident(from, id)
    }
  }

  function boundMemory(): void {
    const inMemory = expendable().filter((id) => entries.get(id)?.bytes === 0)
    for (const id of inMemory.slice(0, Math.max(0, inMemory.length - bounds.maxCountInMemory))) {
      entries.delete(id)
      unwritten.delete(id)
    }
  }

  /** What is over goes first, the oldest of it before the others. */
  function expendable(): string[] {
    const rank = (id: string): string => (entries.get(id)?.summary.state === 'open' ? `1${id}` : `0${id}`)
    return [...entries.keys()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  }

  async function load(): Promise<{ readonly open: readonly Incident[]; readonly lastId: string | null }> {
    if (dir === null) return { open: [], lastId: null }
    await tidied
    const files = await listIncidentFiles(dir)
    const open: Incident[] = []
    for (const file of files) {
      if (entries.has(file.id)) continue
      try {
        const incident = await readIncident(dir, file)
        const whole = incident.state === 'open' ? incident : null
        if (whole !== null) open.push(whole)
        entries.set(file.id, { summary: summaryOf(incident), bytes: file.bytes, whole })
      } catch (error) {
        const message = `${dir}/${file.id}.json is no incident that can be read (${messageOf(error)}): it is left out; delete it`
        publish({ type: 'supervisor.warned', message })
      }
    }
    return { open, lastId: files[0]?.id ?? null }
  }

  return {
    loaded: load(),
    put,
    list: () => [...entries.values()].map(({ summary }) => summary).sort((a, b) => (a.id < b.id ? 1 : -1)),
    async get(id) {
      const entry = entries.get(id)
      if (entry === undefined) return null
      if (entry.whole !== null || dir === null) return entry.whole
      // Somebody may have removed it meanwhile.
      return readIncident(dir, { id, bytes: entry.bytes }).catch(() => null)
    },
    get kept() {
      return dir === null || fault !== null ? 'memory' : 'disk'
    },
    async flush(deadlineMs) {
      const until = clock.now() + deadlineMs
      while (dir !== null && (unwritten.size > 0 || writing !== null)) {
        const leftMs = until - clock.now()
        if (leftMs <= 0) return
        timer?.cancel()
        timer = null
        write()
        await within(clock, leftMs, writing)
        if (fault !== null) return
      }
    },
    close() {
      timer?.cancel()
    },
  }
}

function within(clock: Clock, ms: number, work: Promise<void> | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms)
    void Promise.resolve(work).then(() => {
      timer.cancel()
      resolve()
    })
  })
}
