// Where the circuit meets the calls: circuit.ts decides, the window says when it has failed too often; here is a ticket at the start,
// a verdict at the end, and each counted only in the state that it began in.

import type { OpenCause, Untold } from '../events.ts'
import type { BreakerMetrics, ScopeMetrics } from '../metrics.ts'
import type { Verdict } from '../pipeline/call.ts'
import { type AnyClassify, checkVerdict } from '../pipeline/judge.ts'
import { LAYER, type Layer, type Slots } from '../pipeline/layer.ts'
import { BaseStrategy } from '../pipeline/strategy.ts'
import { scopeOf } from '../scope.ts'
import { tellSupervisor } from '../supervised.ts'
import { BreakerLayer } from './breaker-layer.ts'
import { acquire, admits, type Circuit, closedCircuit, settle, trip } from './circuit.ts'
import { type BreakerRules, type CircuitBreakerOptions, rulesOf, windowOf } from './options.ts'
import { type BreakerPermit, Probe, type Ticket } from './permit.ts'
import { type BreakerSnapshot, type BreakerState, checkSnapshot, restoreCircuit } from './snapshot.ts'
import type { Window } from './windows.ts'

const LAST_ERRORS = 5

export class BreakerStrategy extends BaseStrategy {
  readonly kind = 'circuitBreaker'
  readonly classify: AnyClassify
  readonly rules: BreakerRules
  readonly window: Window
  /** Whether a call's start and end are read off the clock. */
  readonly timed: boolean
  private readonly scope: ScopeMetrics
  private circuit: Circuit
  private override: 'forced-open' | 'disabled' | undefined
  /** Moves on with each change of state: what began in an older one is not counted. */
  private epoch = 0
  private probes: readonly Probe[] = []
  private errors: readonly unknown[] = []
  /** The last failure before it opened: what is behind each rejection. */
  reason: unknown = undefined
  private success = 0
  private failure = 0
  private ignored = 0
  private rejected = 0
  private slow = 0
  private opened = 0

  constructor(options: CircuitBreakerOptions<never>) {
    super('circuitBreaker', options)
    this.rules = rulesOf(options)
    this.window = windowOf(options)
    this.classify = options.classify
    this.scope = scopeOf('circuitBreaker', options)
    this.timed = this.classify !== undefined || this.rules.slowCallMs !== Number.POSITIVE_INFINITY
    const snapshot = checkSnapshot(options.restore)
    this.circuit = restoreCircuit(snapshot, this.clock.now())
    const state = snapshot?.state
    this.override = state === 'forced-open' || state === 'disabled' ? state : undefined
    if (options.name !== undefined) tellSupervisor(this)
  }

  [LAYER](inner: Layer, slots: Slots): Layer {
    return new BreakerLayer(this, inner, slots.used++)
  }

  get state(): BreakerState {
    if (this.override !== undefined) return this.override
    this.expireProbes()
    const { circuit } = this
    return circuit.status === 'open' && this.clock.now() >= circuit.until ? 'half-open' : circuit.status
  }

  /** A ticket, or nothing if the call is to be rejected. */
  admit(): Ticket | undefined {
    if (this.circuit === closedCircuit && this.override === undefined) return this.epoch
    return this.admitUnlessOpen()
  }

  tryAcquire(): BreakerPermit | undefined {
    const ticket = this.disposed ? undefined : this.admit()
    if (ticket === undefined) return undefined
    const { clock } = this
    const startedAt = clock.now()
    let settled = false
    return {
      settle: (verdict, durationMs) => {
        if (settled) return
        const checked = checkVerdict(`circuitBreaker "${this.name}": settle() takes`, verdict)
        settled = true
        this.settle(ticket, checked, durationMs ?? clock.now() - startedAt, undefined)
      },
    }
  }

  settle(ticket: Ticket, verdict: Verdict, durationMs: number, error: unknown): void {
    // A probe that is too late has failed already, whether or not somebody asked in the meantime.
    if (typeof ticket !== 'number') this.expireProbes()
    this.count(verdict)
    const slow = verdict !== 'ignore' && durationMs > this.rules.slowCallMs
    if (slow) this.slow += 1
    if (typeof ticket === 'number') {
      if (ticket === this.epoch && verdict !== 'ignore') this.record(verdict === 'failure', slow, error)
    } else if (ticket.epoch === this.epoch && this.probes.includes(ticket)) this.settleProbe(ticket, verdict, error)
  }

  /** As settle, for a success that was not measured. */
  succeed(epoch: number): void {
    this.success += 1
    if (epoch === this.epoch) this.record(false, false, undefined)
  }

  /** Until when a rejected caller might wait; nobody knows when it was opened by hand. */
  get retryAfterMs(): number | undefined {
    const { circuit } = this
    return this.override === undefined && circuit.status === 'open'
      ? Math.max(0, circuit.until - this.clock.now())
      : undefined
  }

  open(): void {
    if (this.override === 'forced-open') return
    this.reason = undefined
    this.restart('forced-open', closedCircuit)
    this.opened += 1
    this.tell({
      type: 'circuitBreaker.opened',
      cause: 'manual',
      openMs: Number.POSITIVE_INFINITY,
      errors: [],
    } as Untold)
  }

  close(): void {
    const was = this.state
    this.reason = undefined
    this.restart(undefined, closedCircuit)
    if (was !== 'closed') this.tell({ type: 'circuitBreaker.closed', cause: 'manual' } as Untold)
  }

  disable(): void {
    if (this.override === 'disabled') return
    this.restart('disabled', closedCircuit)
    this.tell({ type: 'circuitBreaker.disabled' } as Untold)
  }

  snapshot(): BreakerSnapshot {
    const { circuit } = this
    const open = circuit.status === 'open'
    return {
      version: 1,
      state: this.state,
      // Finite, since JSON has no Infinity.
      remainingOpenMs: open ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, circuit.until - this.clock.now())) : 0,
      openings: circuit.status === 'closed' ? 0 : circuit.openings,
      consecutiveFailures: this.window.consecutiveFailures,
    }
  }

  metrics(): BreakerMetrics {
    const { state, success, failure, ignored, rejected, slow, opened, scope } = this
    const failureRate = this.window.failureRate(this.clock.now())
    return { state, success, failure, ignored, rejected, slow, failureRate, opened, scope }
  }

  private admitUnlessOpen(): Ticket | undefined {
    if (this.override === 'disabled') return this.epoch
    if (this.override === 'forced-open') return this.reject()
    this.expireProbes()
    const now = this.clock.now()
    if (!admits(this.circuit, this.rules, now)) return this.reject()
    const wasOpen = this.circuit.status === 'open'
    this.circuit = acquire(this.circuit)
    if (wasOpen) this.halfOpen()
    const probe = new Probe(this.epoch, now + this.rules.permitTtlMs)
    this.probes = [...this.probes, probe]
    return probe
  }

  private reject(): undefined {
    this.rejected += 1
    return undefined
  }

  private halfOpen(): void {
    this.epoch += 1
    this.probes = []
    this.tell({ type: 'circuitBreaker.halfOpened' } as Untold)
  }

  private count(verdict: Verdict): void {
    if (verdict === 'success') this.success += 1
    else if (verdict === 'failure') this.failure += 1
    else this.ignored += 1
  }

  /** The end of a call that began closed, or disabled. */
  private record(failed: boolean, slow: boolean, error: unknown): void {
    const now = this.window.needsTime ? this.clock.now() : 0
    if (failed) this.errors = [...this.errors.slice(1 - LAST_ERRORS), error]
    const cause = this.window.record(failed, slow, now)
    if (cause !== undefined && this.override === undefined) this.trip(cause)
  }

  private settleProbe(probe: Probe, verdict: Verdict, error: unknown, failure: OpenCause = 'half-open'): void {
    this.probes = this.probes.filter((other) => other !== probe)
    if (verdict === 'failure') this.errors = [...this.errors.slice(1 - LAST_ERRORS), error]
    const before = this.circuit
    const after = settle(before, verdict, this.rules, this.clock.now())
    if (after.status === before.status) this.circuit = after
    else if (after.status === 'open') this.becomeOpen(after, failure)
    else {
      this.restart(undefined, after)
      this.reason = undefined
      this.tell({ type: 'circuitBreaker.closed', cause: 'probes' } as Untold)
    }
  }

  /** A probe that hangs must not keep the circuit half-open for ever. No timer: somebody asks, or it does not matter. */
  private expireProbes(): void {
    if (this.probes.length === 0) return
    const now = this.clock.now()
    for (const probe of this.probes) {
      if (probe.expiresAt > now || probe.epoch !== this.epoch) continue
      this.settleProbe(probe, 'failure', undefined, 'permit-expired')
    }
  }

  private trip(cause: OpenCause): void {
    const after = trip(this.circuit, this.rules, this.clock.now())
    if (after.status === 'open') this.becomeOpen(after, cause)
  }

  private becomeOpen(circuit: Extract<Circuit, { status: 'open' }>, cause: OpenCause): void {
    const { errors } = this
    this.restart(undefined, circuit)
    this.reason = errors.at(-1) ?? this.reason
    this.opened += 1
    const openMs = circuit.until - this.clock.now()
    this.tell({ type: 'circuitBreaker.opened', cause, openMs, errors: errors.filter((e) => e !== undefined) } as Untold)
  }

  /** Another state: nothing of the one before counts any more. */
  private restart(override: typeof this.override, circuit: Circuit): void {
    this.override = override
    this.circuit = circuit
    this.epoch += 1
    this.probes = []
    this.errors = []
    this.window.clear()
  }
}
