import { describe, expect, it } from 'vitest'
import {
  bulkhead,
  type CircuitBreaker,
  circuitBreaker,
  constantBackoff,
  exponentialBackoff,
  manualClock,
  type PatternEvent,
  pipeline,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, stateOf, succeeds, turn } from '../support/promises.ts'

async function failTimes(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await breaker.execute(fails).catch(() => {})
}

function openBreaker(options = {}) {
  const clock = manualClock()
  const breaker = circuitBreaker({ clock, failureThreshold: 1, openMs: 1000, ...options })
  return { clock, breaker }
}

describe('the classic: failures in a row', () => {
  it('opens after five failures in a row, and not when a success is among them', async () => {
    const breaker = circuitBreaker()
    await failTimes(breaker, 4)
    await breaker.execute(succeeds)
    await failTimes(breaker, 4)
    expect(breaker.state).toBe('closed')
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('rejects without a call while open, and says when to try again', async () => {
    const { clock, breaker } = openBreaker()
    await failTimes(breaker, 1)
    clock.advance(400)
    let called = false
    const error = await errorOf(
      breaker.execute(() => {
        called = true
      }),
    )
    expect(called).toBe(false)
    expect(error).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN', strategy: 'circuitBreaker', retryAfterMs: 600 })
    expect(breaker.metrics()).toMatchObject({ rejected: 1, failure: 1, opened: 1 })
  })

  it('says by its cause what opened it, until it is closed', async () => {
    const { breaker } = openBreaker()
    await failTimes(breaker, 1)
    expect(await errorOf(breaker.execute(succeeds))).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN', cause: boom })
    breaker.close()
    breaker.open()
    expect(await errorOf(breaker.execute(succeeds))).not.toHaveProperty('cause')
  })

  it('takes no stack for a rejection', async () => {
    const { breaker } = openBreaker()
    await failTimes(breaker, 1)
    const error = (await errorOf(breaker.execute(succeeds))) as Error
    expect(error.stack).not.toContain('\n')
    expect(new Error('next').stack).toContain('\n')
  })

  it('reads half-open after the open time though no timer ran', async () => {
    const { clock, breaker } = openBreaker()
    await failTimes(breaker, 1)
    expect(clock.pending).toBe(0)
    clock.advance(1000)
    expect(breaker.state).toBe('half-open')
  })

  it('takes the spelling of the guide: failureThreshold, successThreshold, timeout as the time open', async () => {
    const breaker = circuitBreaker({ failureThreshold: 2, successThreshold: 1, timeout: 60_000 })
    await failTimes(breaker, 2)
    expect(breaker.snapshot()).toMatchObject({ state: 'open' })
    expect(breaker.snapshot().remainingOpenMs).toBeGreaterThan(59_000)
  })
})

describe('half-open', () => {
  it('admits N calls and rejects the rest at once', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 2, halfOpenCalls: 3 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    const probes = [deferred(), deferred(), deferred()]
    const calls = probes.map(({ promise }) => breaker.execute(() => promise))
    expect(await errorOf(breaker.execute(succeeds))).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN' })
    for (const probe of probes) probe.resolve(1)
    await Promise.all(calls)
    expect(breaker.state).toBe('closed')
  })

  it('closes after successThreshold successes', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 2 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    await breaker.execute(succeeds)
    expect(breaker.state).toBe('half-open')
    await breaker.execute(succeeds)
    expect(breaker.state).toBe('closed')
  })

  it('opens again as soon as successThreshold is out of reach', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 2, halfOpenCalls: 3 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('half-open')
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('counts a hung probe as a failure when its permit expires', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1, permitTtlMs: 500 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    const events: PatternEvent[] = []
    breaker.on((event) => events.push(event))
    const hung = deferred()
    void breaker.execute(() => hung.promise)
    clock.advance(500)
    expect(breaker.state).toBe('open')
    expect(events).toContainEqual(expect.objectContaining({ type: 'circuitBreaker.opened', cause: 'permit-expired' }))
    hung.resolve('late')
    await turn()
    expect(breaker.state).toBe('open')
  })

  it('counts a probe that is too late as a failure, also when nobody asked in the meantime', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1, permitTtlMs: 500 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    const slow = deferred()
    const call = breaker.execute(() => slow.promise)
    clock.advance(501)
    slow.resolve('late')
    expect(await call).toBe('late')
    expect(breaker.state).toBe('open')
  })

  it('gives the permit back when the probe is ignored', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1 })
    await failTimes(breaker, 1)
    clock.advance(1000)
    const controller = new AbortController()
    const probe = breaker.execute(() => deferred().promise, { signal: controller.signal })
    controller.abort(new Error('gone'))
    await errorOf(probe)
    await breaker.execute(succeeds)
    expect(breaker.state).toBe('closed')
  })

  it('stays open for longer each time, and starts over when it was closed', async () => {
    const openMs = exponentialBackoff({ initialMs: 100, maxMs: 400, jitter: 'none' })
    const { clock, breaker } = openBreaker({ successThreshold: 1, openMs })
    const opened: number[] = []
    breaker.on((event) => {
      if (event.type === 'circuitBreaker.opened') opened.push(event.openMs)
    })
    for (let n = 0; n < 4; n++) {
      await failTimes(breaker, 1)
      clock.advance(400)
    }
    await breaker.execute(succeeds)
    await failTimes(breaker, 1)
    expect(opened).toEqual([100, 200, 400, 400, 100])
  })
})

describe('results of calls from an older state are ignored', () => {
  it('a success begun before it opened does not close a half-open circuit', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1 })
    const early = deferred()
    const call = breaker.execute(() => early.promise)
    await failTimes(breaker, 1)
    clock.advance(1000)
    expect(breaker.tryAcquire()).toBeDefined()
    early.resolve('late')
    await call
    expect(breaker.state).toBe('half-open')
  })

  it('a failure begun before it opened does not open it again after it was closed', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1 })
    const early = deferred()
    const call = breaker.execute(() => early.promise)
    await failTimes(breaker, 1)
    clock.advance(1000)
    await breaker.execute(succeeds)
    early.reject(boom)
    await errorOf(call)
    expect(breaker.state).toBe('closed')
  })
})

describe('rates', () => {
  it('opens at the failure rate of the last N completed calls, not below the minimum', async () => {
    const breaker = circuitBreaker({ window: { calls: 10 }, failureRate: 0.5, minimumCalls: 6 })
    await failTimes(breaker, 5)
    expect(breaker.state).toBe('closed')
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('counts completed calls only: what is in flight is in no rate', async () => {
    const breaker = circuitBreaker({ window: { calls: 10 }, minimumCalls: 2 })
    const pending = Array.from({ length: 8 }, () => deferred())
    for (const { promise } of pending) void breaker.execute(() => promise)
    await failTimes(breaker, 1)
    expect(breaker.metrics().failureRate).toBe(1)
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('evicts every bucket that elapsed while it was idle', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, window: { durationMs: 1000 }, minimumCalls: 5 })
    await failTimes(breaker, 4)
    clock.advance(1100)
    expect(breaker.metrics().failureRate).toBe(0)
    await failTimes(breaker, 4)
    expect(breaker.state).toBe('closed')
    await failTimes(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('opens for slow calls that succeed', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, window: { calls: 4 }, minimumCalls: 4, slowCallMs: 100, slowCallRate: 0.5 })
    const slow = async (): Promise<void> => clock.advance(200)
    await breaker.execute(succeeds)
    await breaker.execute(succeeds)
    await breaker.execute(slow)
    expect(breaker.state).toBe('closed')
    await breaker.execute(slow)
    expect(breaker.state).toBe('open')
    expect(breaker.metrics().slow).toBe(2)
  })
})

describe('what counts', () => {
  it('a result can be a failure, an error can be ignored', async () => {
    const breaker = circuitBreaker<{ status: number }>({
      failureThreshold: 1,
      classify: (outcome) => (outcome.ok ? (outcome.value.status >= 500 ? 'failure' : 'success') : 'ignore'),
    })
    await breaker.execute(fails).catch(() => {})
    expect(breaker.state).toBe('closed')
    expect(await breaker.execute(() => ({ status: 503 }))).toEqual({ status: 503 })
    expect(breaker.state).toBe('open')
  })

  it("resil's own rejections are ignored", async () => {
    const breaker = circuitBreaker({ failureThreshold: 1 })
    const room = bulkhead({ maxConcurrentCalls: 1 })
    room.tryAcquire()
    const error = await errorOf(pipeline('p', breaker, room).execute(succeeds))
    expect(error).toMatchObject({ code: 'RESIL_BULKHEAD_FULL' })
    expect(breaker.state).toBe('closed')
    expect(breaker.metrics().ignored).toBe(1)
  })

  it("the caller's abort is ignored, a timeout outside of it is a failure", async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 1 })
    const controller = new AbortController()
    const aborted = breaker.execute(() => deferred().promise, { signal: controller.signal })
    controller.abort(new Error('gone'))
    expect(await errorOf(aborted)).toBe(controller.signal.reason)
    expect(breaker.state).toBe('closed')
    const late = pipeline('p', timeout({ clock, timeoutMs: 100 }), breaker).execute(() => deferred().promise)
    clock.advance(100)
    expect(await errorOf(late)).toMatchObject({ code: 'RESIL_TIMEOUT', name: 'TimeoutError' })
    expect(breaker.state).toBe('open')
  })

  it('a timeout while the call waits in a queue inside says nothing about the dependency', async () => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 1 })
    const room = bulkhead({ clock, maxConcurrentCalls: 1, maxQueuedCalls: 1, maxWaitMs: 1000 })
    room.tryAcquire()
    const late = pipeline('p', timeout({ clock, timeoutMs: 100 }), breaker, room).execute(succeeds)
    clock.advance(100)
    expect(await errorOf(late)).toMatchObject({ code: 'RESIL_TIMEOUT' })
    expect(breaker.state).toBe('closed')
  })

  it('a classifier that throws fails the call and leaves the breaker as it was', async () => {
    const breaker = circuitBreaker({
      failureThreshold: 1,
      classify: () => {
        throw boom
      },
    })
    expect(await errorOf(breaker.execute(succeeds))).toBe(boom)
    expect(breaker.state).toBe('closed')
  })
})

describe('by hand', () => {
  it('open() holds until close(), however long', async () => {
    const { clock, breaker } = openBreaker()
    breaker.open()
    clock.advance(1e9)
    expect(breaker.state).toBe('forced-open')
    const error = await errorOf(breaker.execute(succeeds))
    expect(error).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN', retryAfterMs: undefined })
    breaker.close()
    expect(await breaker.execute(succeeds)).toBe('ok')
  })

  it('disable() measures and never rejects', async () => {
    const { breaker } = openBreaker()
    breaker.disable()
    await failTimes(breaker, 10)
    expect(breaker.state).toBe('disabled')
    expect(breaker.metrics().failure).toBe(10)
    breaker.close()
    expect(breaker.state).toBe('closed')
  })

  it('close() begins with an empty window', async () => {
    const breaker = circuitBreaker({ failureThreshold: 3 })
    await failTimes(breaker, 2)
    breaker.close()
    await failTimes(breaker, 2)
    expect(breaker.state).toBe('closed')
  })

  it('tryAcquire() is the way in for streams: the first settle counts', () => {
    const { breaker } = openBreaker()
    const permit = breaker.tryAcquire()
    permit?.settle('success')
    permit?.settle('failure')
    expect(breaker.state).toBe('closed')
    breaker.tryAcquire()?.settle('failure')
    expect(breaker.state).toBe('open')
    expect(breaker.tryAcquire()).toBeUndefined()
  })
})

describe('snapshots', () => {
  it('carry an open circuit over to another clock', async () => {
    const { clock, breaker } = openBreaker()
    await failTimes(breaker, 1)
    clock.advance(300)
    const saved = JSON.parse(JSON.stringify(breaker.snapshot()))
    const later = manualClock(5_000_000)
    const restored = circuitBreaker({ clock: later, failureThreshold: 1, openMs: 1000, restore: saved })
    later.advance(699)
    expect(restored.state).toBe('open')
    later.advance(1)
    expect(restored.state).toBe('half-open')
  })

  it.each([0, 1000, Number.POSITIVE_INFINITY])('survive JSON, open for %d ms', async (openMs) => {
    const clock = manualClock()
    const breaker = circuitBreaker({ clock, failureThreshold: 1, openMs })
    await failTimes(breaker, 1)
    const restored = circuitBreaker({ clock, restore: JSON.parse(JSON.stringify(breaker.snapshot())) })
    expect(restored.state).toBe(breaker.state)
    clock.advance(1000)
    expect(restored.state).toBe(breaker.state)
  })

  it('carry failures in a row, and what was set by hand', async () => {
    const breaker = circuitBreaker({ failureThreshold: 3 })
    await failTimes(breaker, 2)
    const restored = circuitBreaker({ failureThreshold: 3, restore: breaker.snapshot() })
    await failTimes(restored, 1)
    expect(restored.state).toBe('open')
    breaker.disable()
    expect(circuitBreaker({ restore: breaker.snapshot() }).state).toBe('disabled')
  })
})

describe('events', () => {
  it('tell each change once, with its cause and the last errors', async () => {
    const { clock, breaker } = openBreaker({ successThreshold: 1, name: 'db', openMs: constantBackoff(1000) })
    const events: PatternEvent[] = []
    const stop = breaker.on((event) => events.push(event))
    await failTimes(breaker, 1)
    clock.advance(1000)
    await breaker.execute(succeeds)
    stop()
    breaker.open()
    expect(events.map(({ type }) => type)).toEqual([
      'circuitBreaker.opened',
      'circuitBreaker.halfOpened',
      'circuitBreaker.closed',
    ])
    expect(events[0]).toMatchObject({ name: 'db', cause: 'failures', openMs: 1000, errors: [boom] })
  })

  it('a listener that throws never touches the call', async () => {
    const { breaker } = openBreaker()
    breaker.on(() => {
      throw new Error('listener')
    })
    const warned = new Promise((resolve) => process.once('warning', resolve))
    expect(await errorOf(breaker.execute(fails))).toBe(boom)
    expect(breaker.state).toBe('open')
    expect(await warned).toMatchObject({ message: expect.stringContaining('listener') })
  })
})

it('a scope without a supervisor acts as worker and says so', () => {
  const breaker = circuitBreaker({ name: 'shared', scope: 'cluster' })
  expect(breaker.metrics().scope).toEqual({ wanted: 'cluster', effective: 'worker' })
})

it('leaves a pending call of a forced-open circuit alone', async () => {
  const { breaker } = openBreaker()
  const running = deferred()
  const call = breaker.execute(() => running.promise)
  breaker.open()
  expect(await stateOf(call)).toBe('pending')
  running.resolve('done')
  expect(await call).toBe('done')
})
