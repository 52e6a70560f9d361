import { describe, expect, it } from 'vitest'
import {
  bulkhead,
  manualClock,
  type PatternEvent,
  pipeline,
  retry,
  type TimeoutMode,
  timeout,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, stateOf, succeeds, turn } from '../support/promises.ts'

function limited(mode: TimeoutMode = 'abandon', timeoutMs = 100) {
  const clock = manualClock()
  const strategy = timeout({ clock, timeoutMs, mode })
  const events: PatternEvent[] = []
  strategy.on((event) => events.push(event))
  return { clock, strategy, events }
}

it('passes results and errors that are in time', async () => {
  const { clock, strategy } = limited()
  expect(await strategy.execute(succeeds)).toBe('ok')
  expect(await errorOf(strategy.execute(() => Promise.reject(boom)))).toBe(boom)
  expect(clock.pending).toBe(0)
})

describe('abandon', () => {
  it('aborts the signal and rejects now, with a TimeoutError', async () => {
    const { clock, strategy, events } = limited()
    let signal: AbortSignal | undefined
    const call = strategy.execute((given) => {
      signal = given.signal
      return deferred().promise
    })
    clock.advance(99)
    expect(await stateOf(call)).toBe('pending')
    clock.advance(1)
    const error = await errorOf(call)
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'RESIL_TIMEOUT' })
    expect(signal?.reason).toBe(error)
    expect(events).toMatchObject([{ type: 'timeout.expired', timeoutMs: 100 }])
  })

  it('counts what it gave up on until that settles, and nothing late is unhandled', async () => {
    const { clock, strategy, events } = limited()
    const stuck = deferred()
    const call = strategy.execute(() => stuck.promise)
    clock.advance(100)
    await errorOf(call)
    expect(strategy.metrics()).toEqual({ calls: 1, expired: 1, abandoned: 1 })
    clock.advance(50)
    stuck.reject(boom)
    await turn()
    expect(strategy.metrics().abandoned).toBe(0)
    expect(events.at(-1)).toMatchObject({ type: 'timeout.abandonedSettled', afterMs: 50 })
  })
})

describe('cooperative', () => {
  it('waits for the action, and returns its late value', async () => {
    const { clock, strategy } = limited('cooperative')
    const work = deferred<string>()
    let aborted = false
    const call = strategy.execute(({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return work.promise
    })
    clock.advance(100)
    expect(aborted).toBe(true)
    expect(await stateOf(call)).toBe('pending')
    work.resolve('late but whole')
    expect(await call).toBe('late but whole')
  })

  it('says that time was up, whatever the action throws when it is asked to stop', async () => {
    const { clock, strategy } = limited('cooperative')
    const own = Object.assign(new Error('stopped'), { name: 'AbortError' })
    const work = deferred()
    const call = strategy.execute(() => work.promise)
    clock.advance(100)
    work.reject(own)
    const error = await errorOf(call)
    expect(error).toMatchObject({ code: 'RESIL_TIMEOUT', cause: own })
  })

  it('ends a wait inside at once, for nothing of the caller runs then', async () => {
    const { clock, strategy } = limited('cooperative')
    const room = bulkhead({ clock, maxConcurrentCalls: 1, maxQueuedCalls: 1, maxWaitMs: 1000 })
    room.tryAcquire()
    const call = pipeline('p', strategy, room).execute(succeeds)
    clock.advance(100)
    const error = await errorOf(call)
    expect(error).toMatchObject({ code: 'RESIL_TIMEOUT' })
    expect((error as Error).cause).toBeUndefined()
  })
})

it('the nearest of several timeouts counts, and remainingMs tells it', async () => {
  const clock = manualClock()
  const both = pipeline(
    'p',
    timeout({ clock, timeoutMs: 300, name: 'far' }),
    timeout({ clock, timeoutMs: 100, name: 'near' }),
  )
  const remaining: number[] = []
  const call = both.execute((given) => {
    remaining.push(given.remainingMs)
    clock.advance(40)
    remaining.push(given.remainingMs)
    return deferred().promise
  })
  clock.advance(60)
  expect(await errorOf(call)).toMatchObject({ strategyName: 'near' })
  expect(remaining).toEqual([100, 60])
  expect(clock.pending).toBe(0)
})

it('remainingMs is Infinity without a timeout, and 0 for who was abandoned', async () => {
  const { clock, strategy } = limited()
  let remaining: (() => number) | undefined
  const call = strategy.execute((given) => {
    remaining = () => given.remainingMs
    return deferred().promise
  })
  clock.advance(100)
  await errorOf(call)
  expect(remaining?.()).toBe(0)
  expect(await retry().execute(({ remainingMs }) => remainingMs)).toBe(Number.POSITIVE_INFINITY)
})

it('a deadline for one call alone: CallOptions.timeoutMs', async () => {
  const clock = manualClock()
  const call = retry({ clock, name: 'r' }).execute(() => deferred().promise, { timeoutMs: 30 })
  clock.advance(30)
  expect(await errorOf(call)).toMatchObject({ code: 'RESIL_TIMEOUT', strategyName: 'r' })
  expect(clock.pending).toBe(0)
  expect(await errorOf(retry().execute(succeeds, { timeoutMs: -1 }))).toBeInstanceOf(RangeError)
})

it('a thousand calls share one timer', async () => {
  const { clock, strategy } = limited()
  const calls = Array.from({ length: 1000 }, () => strategy.execute(() => deferred().promise))
  expect(clock.pending).toBe(1)
  clock.advance(100)
  expect((await Promise.allSettled(calls)).every(({ status }) => status === 'rejected')).toBe(true)
  expect(clock.pending).toBe(0)
})

it('each call has its full time: later ones expire later', async () => {
  const { clock, strategy } = limited()
  const first = strategy.execute(() => deferred().promise)
  clock.advance(60)
  const second = strategy.execute(() => deferred().promise)
  clock.advance(40)
  expect([await stateOf(first), await stateOf(second)]).toEqual(['rejected', 'pending'])
  clock.advance(60)
  expect(await stateOf(second)).toBe('rejected')
  expect((await Promise.allSettled([first, second])).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

it('the signal is made only if it is read', async () => {
  const made: string[] = []
  const Original = globalThis.AbortController
  globalThis.AbortController = class extends Original {
    constructor() {
      super()
      made.push('controller')
    }
  }
  try {
    const { strategy } = limited()
    await strategy.execute(succeeds)
    expect(made).toEqual([])
    await strategy.execute(({ signal }) => signal.aborted)
    expect(made).toEqual(['controller'])
  } finally {
    globalThis.AbortController = Original
  }
})

it('a signal first read after the abort is aborted', async () => {
  const { clock, strategy } = limited()
  let read: (() => AbortSignal) | undefined
  const call = strategy.execute((given) => {
    read = () => given.signal
    return deferred().promise
  })
  clock.advance(100)
  const error = await errorOf(call)
  expect(read?.().reason).toBe(error)
})

it('with real timers: ends a call that hangs', async () => {
  expect(await errorOf(timeout(20).execute(() => deferred().promise))).toMatchObject({ code: 'RESIL_TIMEOUT' })
})
