// A cached fallback's place in a pipeline, with the flights that its calls share. A flight is a branch: it goes inward on a
// frame of its own, since it must outlive the caller who began it.

import { ask } from '../pipeline/attempt.ts'
import { discard, orphan } from '../pipeline/cut-off.ts'
import type { Frame } from '../pipeline/frame.ts'
import { branchOf } from '../pipeline/frame-for.ts'
import { judge } from '../pipeline/judge.ts'
import { Layer } from '../pipeline/layer.ts'
import type { Bounds, Pending } from '../pipeline/pending.ts'
import { WayBack } from '../pipeline/way-back.ts'
import type { CachedStrategy } from './cached.ts'
import { failed } from './fallback-layer.ts'

export class CachedLayer extends Layer {
  private readonly cached: CachedStrategy
  private readonly flights = new Map<string, Flight>()

  constructor(cached: CachedStrategy, inner: Layer, slot: number) {
    super(inner, slot)
    this.cached = cached
  }

  override get goesOnAfterFailure(): boolean {
    return true
  }

  enter(frame: Frame): void {
    const { cached } = this
    cached.calls += 1
    const key = this.keyOf(frame)
    if (key === undefined) return this.outer.leave(frame)
    const entry = cached.freshEntry(key)
    if (entry !== undefined) return this.answer(frame, entry.value)
    if (cached.singleFlight) return this.fly(frame, key)
    const solo = new Solo(key)
    cached.solos.add(solo)
    frame.slots[this.slot] = solo
    this.inner.enter(frame)
  }

  leave(frame: Frame): void {
    const { cached, slot } = this
    const at = frame.slots[slot]
    if (at instanceof Flight) return this.land(frame, at)
    const solo = at as Solo
    cached.solos.delete(solo)
    const verdict = judge(frame, cached.classify, 0)
    const good = frame.ok && verdict === 'success' && frame.degradedBy === undefined
    if (good && solo.keep) cached.store(solo.key, frame.value)
    this.finish(frame, solo.key)
  }

  cut(frame: Frame): void {
    const solo = frame.slots[this.slot]
    if (solo instanceof Solo) this.cached.solos.delete(solo)
  }

  /** The last caller has left. */
  end(flight: Flight, reason: unknown): void {
    this.close(flight)
    discard(flight.frame, this, reason)
  }

  private fly(frame: Frame, key: string): void {
    const flying = this.flights.get(key)
    if (flying !== undefined) {
      flying.members.set(frame, new WayBack())
      frame.park(flying, this.outer)
      return
    }
    const flight = new Flight(this, key, frame)
    const branch = flight.frame
    branch.slots[this.slot] = flight
    this.flights.set(key, flight)
    this.cached.flights.add(flight)
    frame.park(flight, this.outer)
    this.inner.enter(branch)
  }

  private land(branch: Frame, flight: Flight): void {
    const { cached } = this
    this.close(flight)
    const verdict = judge(branch, cached.classify, 0)
    const { ok, value, degradedBy } = branch
    // What a fallback inside made up is no good answer to come back to.
    if (ok && verdict === 'success' && degradedBy === undefined && flight.keep) cached.store(flight.key, value)
    branch.retire()
    for (const [member, back] of flight.land()) {
      const deliver = (): void => {
        if (member.pending !== flight) return
        member.wake()
        member.ok = ok
        member.value = value
        member.degradedBy = degradedBy
        this.finish(member, flight.key)
      }
      // Who began it is in its own context already.
      if (back === undefined) deliver()
      else back.take(deliver)
    }
  }

  /** Whoever asks from now on gets an answer of its own. */
  closeToOthers(flight: Flight): void {
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
  }

  private close(flight: Flight): void {
    this.closeToOthers(flight)
    this.cached.flights.delete(flight)
  }

  /** Back to the caller, with the stale answer if the call failed and there is one. */
  private finish(frame: Frame, key: string): void {
    const { cached } = this
    if (frame.ok && cached.classify === undefined) return this.outer.leave(frame)
    const entry = failed(frame, cached.classify)
      ? cached.staleEntry(key, frame.ok ? undefined : frame.value)
      : undefined
    if (entry === undefined) return this.outer.leave(frame)
    frame.degradedBy = cached.name
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
      const made = ask(frame, key)
      if (typeof made === 'string') return made
      frame.value = new TypeError(`fallback "${name}": key() must return a string, got ${String(made)}`)
    } catch (thrown) {
      frame.value = thrown
    }
    frame.ok = false
    return undefined
  }
}

/** A call that shares with nobody. */
export class Solo {
  readonly key: string
  keep = true

  constructor(key: string) {
    this.key = key
  }

  forget(): void {
    this.keep = false
  }
}

/** One call for all who want the same. */
export class Flight implements Pending, Bounds {
  readonly runs = true
  readonly key: string
  readonly frame: Frame
  /** With the way back of those who joined. */
  readonly members = new Map<Frame, WayBack | undefined>()
  keep = true
  private landed = false
  private readonly layer: CachedLayer

  constructor(layer: CachedLayer, key: string, beganBy: Frame) {
    this.layer = layer
    this.key = key
    this.frame = branchOf(beganBy, this)
    this.members.set(beganBy, undefined)
  }

  /** It may take as long as the most patient of its callers. */
  get nearestDeadline(): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const member of this.members.keys()) latest = Math.max(latest, member.nearestDeadline)
    return latest
  }

  /** What it brings is delivered to those who wait, but not kept, and nobody joins any more. */
  forget(): void {
    this.keep = false
    this.layer.closeToOthers(this)
  }

  /** Those who get its answer; whoever is cut from now on just does not. */
  land(): readonly (readonly [Frame, WayBack | undefined])[] {
    this.landed = true
    return [...this.members]
  }

  /** One caller leaves; the flight goes on for the others, and keeps what it was begun under. */
  cut(member: Frame, reason: unknown): void {
    if (this.landed) return
    this.members.delete(member)
    if (this.members.size === 0) this.layer.end(this, reason)
    else if (this.frame.parent === member) orphan(this.frame)
  }

  /** Only one who flies alone may ask it to stop. */
  abort(reason: unknown): void {
    if (this.members.size === 1) this.frame.pending?.abort(reason)
  }
}
