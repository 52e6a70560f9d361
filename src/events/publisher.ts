// Where events become public: stamped, numbered without holes, remembered up to a bound, and told to whoever listens.
// What is worth telling is decided before; what listeners do with it is theirs, and no fault of one harms the others.

import { messageOf } from '../errors.ts'
import type { PublishedEvent, ResilEvent } from './events.ts'

export interface Publisher {
  /** Listeners have been told when this returns, unless a listener called it: then they are told in order, soon after. */
  publish(event: ResilEvent): PublishedEvent
  /** Oldest first, at most `capacity`. */
  recent(): readonly PublishedEvent[]
  subscribe(listener: (event: PublishedEvent) => void): { close(): void }
}

export interface PublisherOptions {
  readonly wallNow: () => number
  /** How many events `recent` remembers; at least 1. */
  readonly capacity: number
}

export function createPublisher({ wallNow, capacity }: PublisherOptions): Publisher {
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`capacity must be a whole number of at least 1, not ${capacity}`)
  }
  const ring: PublishedEvent[] = []
  const subscriptions = new Set<{ readonly listener: (event: PublishedEvent) => void }>()
  const untold: PublishedEvent[] = []
  let seq = 0
  let telling = false

  function publish(event: ResilEvent): PublishedEvent {
    seq += 1
    const published: PublishedEvent = { ...event, at: wallNow(), seq }
    ring[(seq - 1) % capacity] = published
    untold.push(published)
    if (!telling) tellAll()
    return published
  }

  /** A loop, not recursion: an event published by a listener must not overtake the one that it reacts to. */
  function tellAll(): void {
    telling = true
    for (let event = untold.shift(); event !== undefined; event = untold.shift()) {
      for (const subscription of [...subscriptions]) {
        if (!subscriptions.has(subscription)) continue
        try {
          subscription.listener(event)
        } catch (error) {
          // A listener that fails at every event must not make an endless chain of faults about faults.
          if (event.type !== 'supervisor.faulted') publish(faultOf(error))
        }
      }
    }
    telling = false
  }

  return {
    publish,
    recent: () => {
      const oldest = seq % capacity
      return seq <= capacity ? [...ring] : [...ring.slice(oldest), ...ring.slice(0, oldest)]
    },
    subscribe: (listener) => {
      const subscription = { listener }
      subscriptions.add(subscription)
      return { close: () => void subscriptions.delete(subscription) }
    },
  }
}

function faultOf(error: unknown): ResilEvent {
  const stack = error instanceof Error ? (error.stack ?? null) : null
  return { type: 'supervisor.faulted', message: `a listener of events threw: ${messageOf(error)}`, stack }
}
