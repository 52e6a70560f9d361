// A cached fallback's place in a pipeline, with the flights that its calls share. A flight is a branch: it goes inward on a
// frame of its own, since it must outlive the caller who began it.

import { Attempt } from '../pipeline/attempt.ts'
import { branchOf, type Frame, type Pending } from '../pipeline/frame.ts'
import { judge } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import type { CachedStrategy } from './cached.ts'
import { failed } from './fallback-layer.ts'

export class CachedLayer extends Layer {
  private readonly cached: CachedStrategy
  private readonly flights = new Map<string, Flight>()

  constructor(cached: CachedStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.cached = cached
  }

  enter(frame: Frame): void {
    const { cached } = this
    cached.calls += 1
    const key = this.keyOf(frame)
    if (key === undefined) return this.outer.leave(frame)
    const entry = cached.freshEntry(key)
    if (entry !== undefined) return this.answer(frame, entry.value)
    if (cached.singleFlight) return this.fly(frame, key)
    frame.slots[this.slot] = key
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { cached, slot } = this
    const at = frame.slots[slot]
    if (at instanceof Flight) return this.land(frame, at)
    const key = at as string
    const verdict = judge(frame, cached.classify, 0)
    if (frame.ok && verdict === 'success') cached.store(key, frame.value)
    this.finish(frame, key)
  }

  cut(): void {}

  /** What is on its way is delivered, but not kept. */
  forget(key: string | undefined): void {
    for (const flight of this.flights.values()) {
      if (key === undefined || flight.key === key) flight.keep = false
    }
  }

  /** The last caller has left. */
  end(flight: Flight, reason: unknown): void {
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
    flight.frame.discard(this, reason)
  }

  private fly(frame: Frame, key: string): void {
    const flying = this.flights.get(key)
    if (flying !== undefined) {
      flying.members.add(frame)
      frame.park(flying, this.outer)
      return
    }
    const branch = branchOf(frame)
    const flight = new Flight(this, key, branch)
    branch.slots[this.slot] = flight
    this.flights.set(key, flight)
    flight.members.add(frame)
    frame.park(flight, this.outer)
    this.inner.enter(branch)
  }

  private land(branch: Frame, flight: Flight): void {
    const { cached } = this
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
    const verdict = judge(branch, cached.classify, 0)
    const { ok, value } = branch
    if (ok && verdict === 'success' && flight.keep) cached.store(flight.key, value)
    branch.retire()
    for (const member of flight.members) {
      member.wake()
      member.ok = ok
      member.value = value
      this.finish(member, flight.key)
    }
  }

  /** Back to the caller, with the stale answer if the call failed and there is one. */
  private finish(frame: Frame, key: string): void {
    const { cached } = this
    if (frame.ok && cached.classify === undefined) return this.outer.leave(frame)
    const entry = failed(frame, cached.classify)
      ? cached.staleEntry(key, frame.ok ? undefined : frame.value)
      : undefined
    if (entry === undefined) return this.outer.leave(frame)
    frame.root.degradedBy = cached.name
    this.answer(frame, entry.value)
  }

  private answer(frame: Frame, value: unknown): void {
    frame.ok = true
    frame.value = value
    this.outer.leave(frame)
  }

  /** Undefined: the outcome says why there is no key. */
  private keyOf(frame: Frame): string | undefined {
    const { key, name } = this.cached
    if (typeof key === 'string') return key
    try {
      const made = key(new Attempt(frame, frame.root.attempts + 1))
      if (typeof made === 'string') return made
      frame.value = new TypeError(`fallback "${name}": key() must return a string, got ${String(made)}`)
    } catch (thrown) {
      frame.value = thrown
    }
    frame.ok = false
    return undefined
  }
}

/** One call for all who want the same. */
class Flight implements Pending {
  readonly runs = true
  readonly key: string
  readonly frame: Frame
  readonly members = new Set<Frame>()
  keep = true
  private readonly layer: CachedLayer

  constructor(layer: CachedLayer, key: string, frame: Frame) {
    this.layer = layer
    this.key = key
    this.frame = frame
  }

  /** One caller leaves; the flight goes on for the others, and keeps what it was begun under. */
  cut(member: Frame, reason: unknown): void {
    this.members.delete(member)
    if (this.members.size === 0) return this.layer.end(this, reason)
    const { frame } = this
    if (frame.parent !== member) return
    frame.held = [...frame.held, ...member.holds()]
    frame.attempts = frame.root.attempts
    frame.root = frame
    frame.parent = undefined
    frame.deadline = Math.max(...[...this.members].map(({ deadline }) => deadline))
  }

  /** Only one who flies alone may ask it to stop. */
  abort(reason: unknown): void {
    if (this.members.size === 1) this.frame.pending?.abort(reason)
  }
}
