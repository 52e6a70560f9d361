// Feeds the collector of incidents with what is published, each failure with its worker's last words and measurements, and keeps
// what it makes of them. Nothing waits for it: events queue up here until the words of a dead worker have all come.

import type { Clock, Timer } from '../../clock.ts'
import type { PublishedEvent, ResilEvent } from '../../events/events.ts'
import type { Publisher } from '../../events/publisher.ts'
import type { WorkerRef } from '../../events/worker-ref.ts'
import { collect } from '../../incidents/collect.ts'
import { type CollectorInput, initialCollector } from '../../incidents/collector-state.ts'
import { isUnplanned } from '../../incidents/failure.ts'
import type { Incident } from '../../incidents/incident.ts'
import type { LogLine } from '../../protocol/control.ts'
import type { Log } from '../output/log.ts'
import { createSampleRings, type Measured } from './sample-rings.ts'
import type { IncidentStore } from './store.ts'

export interface Recorder {
  /** In order, after it has been collected; the incident that it is a failure of, or that it tells of. */
  onCollected(listener: (event: PublishedEvent, incident: Incident | null) => void): void
  /** Resolves when all that was published is recorded, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
  close(): void
}

export interface RecorderOptions {
  readonly supervisor: Incident['supervisor']
  readonly stableAfterMs: Readonly<Record<string, number>>
  readonly publisher: Publisher
  readonly log: Pick<Log, 'ended' | 'lastWords'>
  readonly store: IncidentStore
  /** The workers that live, each with its latest measurements. */
  readonly measure: () => readonly { readonly worker: number; readonly measured: Measured }[]
  readonly clock: Clock
}

const TICK_MS = 1_000
/** Later than that the supervisor itself was stopped or starved. Any busy machine makes a timer a second late. */
const OVERSLEPT_MS = 5_000
const MOST_LINES = 200
const MOST_LINE_CHARS = 4_000
const MOST_CHARS = 64 * 1024
/** A disk that does not answer must not hold back what happens. */
const LOAD_MS = 2_000

export function startRecorder(options: RecorderOptions): Recorder {
  const { publisher, log, store, clock } = options
  const rings = createSampleRings()
  const listeners: ((event: PublishedEvent, incident: Incident | null) => void)[] = []
  const queue: { readonly event: PublishedEvent; complete: boolean }[] = []
  const idle = new Set<() => void>()
  /** The newest state of those that were touched, for whoever hears of them by their id. */
  const whole = new Map<string, Incident>()
  let state = initialCollector(options)
  let loaded = false
  let working = false
  let closed = false
  let tickedAt = clock.now()
  let timer: Timer | null = null

  const subscription = publisher.subscribe((event) => {
    const entry = { event, complete: true }
    queue.push(entry)
    if (event.type === 'worker.exited' && isUnplanned(event)) {
      entry.complete = false
      void log.ended(event.worker.id).then(() => {
        entry.complete = true
        work()
      })
    }
    work()
  })

  void within(clock, LOAD_MS, store.loaded).then(begin)
  void store.loaded.then(({ open, lastId }) => {
    take({ type: 'adopted', incidents: open, lastId, at: clock.wallNow(), now: clock.now() })
    begin()
  })

  function begin(): void {
    loaded = true
    work()
  }

  function work(): void {
    // To record is to publish, and that comes back here: in order, when what is in hand is done.
    if (!loaded || working) return
    working = true
    for (let next = queue[0]; next?.complete; next = queue[0]) {
      queue.shift()
      record(next.event)
    }
    working = false
    if (queue.length > 0) return
    for (const resolve of idle) resolve()
    idle.clear()
  }

  function record(event: PublishedEvent): void {
    if (closed) return
    const worker = subjectOf(event)
    const seen =
      worker === null
        ? { lines: wordsAround(event), samples: null }
        : { lines: wordsOf(worker), samples: rings.of(worker.id) }
    const incident = take({ type: 'event', event, ...seen, now: clock.now() })
    if (event.type === 'worker.exited') rings.forget(event.worker.id)
    const told = 'incident' in event ? (whole.get(event.incident) ?? null) : incident
    for (const listener of listeners) listener(event, told)
    if (event.type === 'incident.resolved') whole.delete(event.incident)
  }

  function take(input: CollectorInput): Incident | null {
    const collected = collect(state, input)
    state = collected.state
    for (const incident of collected.changed) {
      whole.set(incident.id, incident)
      store.put(incident)
    }
    for (const event of collected.events) publisher.publish(event)
    return collected.incident
  }

  /** The worker's own lines; where it said nothing that was kept, what its app said last: the same error is shown once only. */
  function wordsOf({ app, slot, pid }: WorkerRef): readonly LogLine[] {
    const own = log.lastWords(app, slot, Number.POSITIVE_INFINITY).filter((line) => line.pid === pid)
    return bounded(own.length > 0 ? own : log.lastWords(app, null, MOST_LINES))
  }

  /** Of no worker, but its app may have said why. */
  function wordsAround(event: ResilEvent): readonly LogLine[] {
    return event.type === 'breaker.opened' ? bounded(log.lastWords(event.app, null, MOST_LINES)) : []
  }

  function tick(): void {
    const now = clock.now()
    const lateMs = Math.floor(now - tickedAt - TICK_MS)
    tickedAt = now
    if (lateMs >= OVERSLEPT_MS) publisher.publish({ type: 'supervisor.overslept', lateMs })
    const at = clock.wallNow()
    for (const { worker, measured } of options.measure()) rings.push(worker, at, measured)
    if (state.open.length > 0) take({ type: 'tick', at, now })
    arm()
  }

  function arm(): void {
    timer = clock.setTimeout(tick, TICK_MS)
    // To measure is no reason to stay.
    timer.unref?.()
  }
  arm()

  return {
    onCollected: (listener) => void listeners.push(listener),
    flush: (deadlineMs) => within(clock, deadlineMs, queue.length === 0 ? null : new Promise<void>((r) => idle.add(r))),
    close() {
      closed = true
      timer?.cancel()
      subscription.close()
    },
  }
}

/** Whose words and measurements are worth keeping with the event. */
function subjectOf(event: ResilEvent): WorkerRef | null {
  switch (event.type) {
    case 'worker.exited':
      return isUnplanned(event) ? event.worker : null
    case 'watchdog.tripped':
    case 'worker.signalled':
    case 'worker.cutOff':
      return event.worker
    default:
      return null
  }
}

function bounded(lines: readonly LogLine[]): readonly LogLine[] {
  const kept: LogLine[] = []
  let chars = 0
  for (const line of lines.slice(-MOST_LINES).reverse()) {
    const text = line.text.length > MOST_LINE_CHARS ? `${line.text.slice(0, MOST_LINE_CHARS)}…` : line.text
    chars += text.length
    if (chars > MOST_CHARS) break
    kept.push({ ...line, text })
  }
  return kept.reverse()
}

function within(clock: Clock, ms: number, work: Promise<unknown> | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms)
    void Promise.resolve(work).then(() => {
      timer.cancel()
      resolve()
    })
  })
}
