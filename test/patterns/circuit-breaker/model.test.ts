import { expect, it } from 'vitest'
import { type BreakerPermit, circuitBreaker, manualClock } from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'

const FAILURES = 3
const SUCCESSES = 2
const OPEN_MS = 100
const TTL_MS = 250

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'call' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      verdict: fc.constantFrom('success', 'failure', 'ignore'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(120) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'close' as const, 'disable' as const) }) },
)

interface Begun {
  readonly era: number
  readonly probe: boolean
  readonly at: number
  over: boolean
}

/** The rules in plain words: eras, counts, and probes that expire. */
class Model {
  state: 'closed' | 'open' | 'half-open' | 'forced-open' | 'disabled' = 'closed'
  era = 0
  inARow = 0
  successes = 0
  failures = 0
  openUntil = 0
  probes: Begun[] = []

  become(state: Model['state'], now: number): void {
    this.state = state
    this.era += 1
    this.inARow = this.successes = this.failures = 0
    this.probes = []
    if (state === 'open') this.openUntil = now + OPEN_MS
  }

  expire(now: number): void {
    if (this.state === 'half-open' && this.probes.some(({ at }) => at + TTL_MS <= now)) this.become('open', now)
  }

  call(now: number): Begun | undefined {
    this.expire(now)
    if (this.state === 'open' && now >= this.openUntil) this.become('half-open', now)
    if (this.state === 'open' || this.state === 'forced-open') return undefined
    const probe = this.state === 'half-open'
    if (probe && this.probes.length + this.successes + this.failures >= SUCCESSES) return undefined
    const begun = { era: this.era, probe, at: now, over: false }
    if (probe) this.probes.push(begun)
    return begun
  }

  settle(begun: Begun, verdict: string, now: number): void {
    if (begun.over || begun.era !== this.era) return
    begun.over = true
    if (begun.probe) {
      this.probes = this.probes.filter((other) => other !== begun)
      if (verdict === 'failure') this.become('open', now)
      else if (verdict === 'success' && ++this.successes === SUCCESSES) this.become('closed', now)
      return
    }
    if (verdict === 'success') this.inARow = 0
    if (verdict === 'failure' && ++this.inARow >= FAILURES && this.state === 'closed') this.become('open', now)
  }
}

it('agrees with a simple model under any interleaving of calls, settles, time and hands', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const clock = manualClock()
      const breaker = circuitBreaker({
        clock,
        failureThreshold: FAILURES,
        successThreshold: SUCCESSES,
        openMs: OPEN_MS,
        permitTtlMs: TTL_MS,
      })
      const model = new Model()
      const begun: { readonly real: BreakerPermit; readonly modelled: Begun }[] = []
      for (const next of steps) {
        const now = clock.now()
        if (next.do === 'call') {
          const [real, modelled] = [breaker.tryAcquire(), model.call(now)]
          expect(real !== undefined).toBe(modelled !== undefined)
          if (real !== undefined && modelled !== undefined) begun.push({ real, modelled })
        } else if (next.do === 'settle') {
          const one = begun[next.which % Math.max(1, begun.length)]
          if (one === undefined) continue
          one.real.settle(next.verdict as 'success', 1)
          model.settle(one.modelled, next.verdict, now)
        } else if (next.do === 'advance') clock.advance(next.ms)
        else if (next.do === 'open') {
          breaker.open()
          if (model.state !== 'forced-open') model.become('forced-open', now)
        } else if (next.do === 'close') {
          breaker.close()
          model.become('closed', now)
        } else {
          breaker.disable()
          if (model.state !== 'disabled') model.become('disabled', now)
        }
        // Reading the state expires probes: not after each step, so that calls must do it too.
        if (next.do !== 'call') continue
        model.expire(clock.now())
        const elapsed = model.state === 'open' && clock.now() >= model.openUntil
        expect(breaker.state).toBe(elapsed ? 'half-open' : model.state)
      }
    }),
    { numRuns: 500 },
  )
})
