// /events: published events as server-sent events, for browsers and scripts. A client that was away names the last one that it has
// seen and gets what came since from the publisher's ring. The ring is the only queue: a client that reads slowly gets its events
// later, one that is slower than the ring is long misses some, and is told how many. Nobody waits for it.

import type { ServerResponse } from 'node:http'
import type { PublishedEvent } from '../../events/events.ts'
import type { ControlPort, Subscription } from '../port.ts'
import { startStream } from './respond.ts'

/** Written and not yet read: above it nothing more is written. */
const FULL_BYTES = 256 * 1024
/** Proxies close what is silent for a minute. */
const COMMENT_EVERY_MS = 15_000
/** Who has not read for so many comments, does not read at all. */
const MOST_SILENT_TURNS = 4
const RECONNECT_AFTER_MS = 2_000

export interface EventStreams {
  readonly count: number
  /** Events that clients have missed. */
  readonly dropped: number
  /** `lastId`: as the client gave it; null: only what comes from now on. */
  add(response: ServerResponse, lastId: string | null): void
  /** Ends all, what is written included. */
  close(): void
}

/** `epoch`: numbers of events begin at 1 with each supervisor; those of another one mean nothing here. */
export function createEventStreams(events: ControlPort['events'], epoch: string): EventStreams {
  const open = new Set<{ end(): void }>()
  let dropped = 0

  function add(response: ServerResponse, lastId: string | null): void {
    const newest = events.recent().at(-1)?.seq ?? 0
    let sent = lastId === null ? newest : seqOf(lastId, epoch, newest)
    let silentTurns = 0
    startStream(response, 'text/event-stream; charset=utf-8')
    response.write(`retry: ${RECONNECT_AFTER_MS}\n\n`)

    const full = (): boolean => response.writableLength > FULL_BYTES
    const write = (event: PublishedEvent): void => {
      if (event.seq > sent + 1) {
        const missed = event.seq - sent - 1
        dropped += missed
        response.write(`event: missed\ndata: ${JSON.stringify({ events: missed })}\n\n`)
      }
      sent = event.seq
      response.write(
        `id: ${epoch}-${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(withoutStack(event))}\n\n`,
      )
    }
    const catchUp = (): void => {
      for (const event of events.recent()) {
        if (full()) return
        if (event.seq > sent) write(event)
      }
    }
    const subscription: Subscription = events.subscribe((event) => {
      if (!full()) event.seq === sent + 1 ? write(event) : catchUp()
    })
    const timer = setInterval(() => {
      silentTurns = full() ? silentTurns + 1 : 0
      if (silentTurns >= MOST_SILENT_TURNS) response.destroy()
      else if (silentTurns === 0) response.write(':\n\n')
    }, COMMENT_EVERY_MS)
    // A reader is no reason to stay.
    timer.unref()
    const stream = {
      end: () => {
        catchUp()
        response.end()
      },
    }
    open.add(stream)
    response.on('drain', catchUp)
    response.once('close', () => {
      clearInterval(timer)
      subscription.close()
      open.delete(stream)
    })
    catchUp()
  }

  return {
    get count() {
      return open.size
    },
    get dropped() {
      return dropped
    },
    add,
    close: () => {
      for (const stream of [...open]) stream.end()
    },
  }
}

/** What a client has seen of this supervisor's events; 0: nothing, it shall get all that is remembered. */
function seqOf(lastId: string, epoch: string, newest: number): number {
  const [, of, digits] = /^(.+)-(\d{1,15})$/.exec(lastId) ?? []
  return of === epoch ? Math.min(Number(digits), newest) : 0
}

/** Stacks are for the log of whoever runs it. */
function withoutStack(event: PublishedEvent): PublishedEvent {
  return 'stack' in event ? { ...event, stack: null } : event
}
