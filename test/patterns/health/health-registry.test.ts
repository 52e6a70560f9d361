import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { checks, circuitBreaker, healthRegistry, manualClock, type PatternEvent } from '../../../src/patterns.ts'
import { boom, deferred, fails, turn } from '../support/promises.ts'

function registry() {
  const clock = manualClock()
  const health = healthRegistry({ clock })
  return { clock, health }
}

describe('the whole', () => {
  it('passes when all pass, fails with a critical one, warns with one that is not', async () => {
    const { health } = registry()
    const answers = { db: true, cache: true }
    health.register('db', () => answers.db)
    health.register('cache', () => answers.cache, { critical: false })
    expect((await health.runAll()).status).toBe('pass')
    answers.cache = false
    expect((await health.runAll()).status).toBe('warn')
    answers.db = false
    expect((await health.runAll()).status).toBe('fail')
  })

  it('fails until a check has answered for the first time', () => {
    const { health } = registry()
    health.register('db', () => true)
    expect(health.report()).toMatchObject({ status: 'fail', checks: { db: { output: 'not checked yet' } } })
  })

  it('tells liveness from readiness', async () => {
    const { health } = registry()
    health.register('loop', () => true, { kind: 'liveness' })
    health.register('db', () => false, { kind: 'readiness' })
    await health.runAll()
    expect(health.report('liveness').status).toBe('pass')
    expect(health.report('readiness').status).toBe('fail')
    expect(Object.keys(health.report('startup').checks)).toEqual([])
  })
})

describe('a check', () => {
  it('that throws fails, with its message on one line', async () => {
    const { health } = registry()
    health.register('db', fails)
    expect((await health.runAll()).checks.db).toMatchObject({ status: 'fail', output: boom.message })
  })

  it.each<[string, unknown, string]>([
    [
      'what was behind it',
      new Error('fetch failed', { cause: new Error('connect refused') }),
      'fetch failed: connect refused',
    ],
    [
      'each of several causes',
      new AggregateError([new Error('no on ::1'), new Error('no on 127.0.0.1')]),
      'no on ::1, no on 127.0.0.1',
    ],
    ['a code where there are no words', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['that there is nothing to tell', new Error(''), 'the check threw an error without a message'],
    ['what cannot be printed', Object.create(null), 'something that cannot be printed'],
  ])('that throws tells %s, and never harms the process', async (_what, error, output) => {
    const { health } = registry()
    health.register('db', () => Promise.reject(error))
    expect((await health.runAll()).checks.db).toMatchObject({ status: 'fail', output })
  })

  it('may throw an error that is its own cause', async () => {
    const { health } = registry()
    const error = new Error('again')
    error.cause = error
    health.register('db', () => Promise.reject(error))
    expect((await health.runAll()).checks.db?.output).toMatch(/^again: again/)
  })

  it('runs in the background, at its interval, and the report only reads', async () => {
    const { clock, health } = registry()
    let runs = 0
    health.register(
      'db',
      () => {
        runs += 1
      },
      { intervalMs: 1000 },
    )
    clock.advance(0)
    await turn()
    for (let n = 0; n < 3; n++) {
      clock.advance(1000)
      await turn()
    }
    expect(runs).toBe(4)
    health.report()
    expect(runs).toBe(4)
  })

  it('that takes too long fails, its signal is aborted, and it is not begun again before it ends', async () => {
    const { clock, health } = registry()
    const stuck = deferred()
    let begun = 0
    let signal: AbortSignal | undefined
    health.register(
      'db',
      async (given) => {
        begun += 1
        signal = given
        await stuck.promise
      },
      { timeoutMs: 100 },
    )
    const first = health.runAll()
    await turn()
    clock.advance(100)
    expect((await first).checks.db).toMatchObject({
      status: 'fail',
      output: expect.stringContaining('longer than 100 ms'),
    })
    expect(signal?.aborted).toBe(true)
    await health.runAll()
    expect(begun).toBe(1)
    stuck.resolve(1)
    await turn()
    expect((await health.runAll()).status).toBe('pass')
  })

  it('under way is asked to stop when it is unregistered, and holds no timer', async () => {
    const { clock, health } = registry()
    let signal: AbortSignal | undefined
    health.register('db', (given) => {
      signal = given
      return new Promise(() => {})
    })
    clock.advance(0)
    await turn()
    expect(signal?.aborted).toBe(false)
    health.dispose()
    await turn()
    expect(signal?.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('called __proto__ fails the whole like any other', async () => {
    const { health } = registry()
    health.register('__proto__', () => false)
    expect(await health.runAll()).toMatchObject({ status: 'fail' })
    expect(Object.keys(health.report().checks)).toEqual(['__proto__'])
  })

  it('under way is joined, not doubled', async () => {
    const { health } = registry()
    let runs = 0
    health.register('db', async () => {
      runs += 1
    })
    await Promise.all([health.runAll(), health.runAll(), health.runAll()])
    expect(runs).toBe(1)
  })

  it('whose result is too old fails', async () => {
    const { clock, health } = registry()
    let stuck = deferred()
    stuck.resolve(1)
    health.register('db', async () => void (await stuck.promise), { intervalMs: 100, timeoutMs: 1e6, maxAgeMs: 500 })
    expect((await health.runAll()).status).toBe('pass')
    stuck = deferred()
    clock.advance(501)
    expect(health.report()).toMatchObject({
      status: 'fail',
      checks: { db: { output: 'the last result is 501 ms old' } },
    })
  })

  it('that answers nonsense fails', async () => {
    const { health } = registry()
    health.register('db', (() => ({ status: 'fine' })) as never)
    expect((await health.runAll()).status).toBe('fail')
  })

  it('can be unregistered, and its name used again, but not twice at once', () => {
    const { clock, health } = registry()
    const unregister = health.register('db', () => true)
    expect(() => health.register('db', () => true)).toThrow(/registered already/)
    unregister()
    health.register('db', () => true)
    health.dispose()
    expect(clock.pending).toBe(0)
  })
})

it('tells changes, not results', async () => {
  const { health } = registry()
  const events: PatternEvent[] = []
  health.on((event) => events.push(event))
  let ok = true
  health.register('db', () => ok)
  await health.runAll()
  await health.runAll()
  ok = false
  await health.runAll()
  expect(events).toMatchObject([
    { type: 'health.changed', check: 'db', from: 'fail', to: 'pass' },
    { type: 'health.changed', check: 'db', from: 'pass', to: 'fail' },
  ])
})

describe('ready-made checks', () => {
  it('of a dependency throw when registered as liveness', () => {
    const { health } = registry()
    for (const check of [
      checks.tcp({ host: '127.0.0.1', port: 1 }),
      checks.http({ url: 'http://127.0.0.1:1' }),
      checks.breaker(circuitBreaker()),
    ]) {
      expect(() => health.register('db', check as never, { kind: 'liveness' })).toThrow(TypeError)
    }
    health.register('loop', checks.eventLoop(), { kind: 'liveness' })
  })

  const once = async (check: { readonly run: (signal: AbortSignal) => unknown }) =>
    check.run(new AbortController().signal)

  it('disk and memory say how much, and fail past their limit', async () => {
    expect(await once(checks.disk({ minFreeRatio: 0 }))).toMatchObject({ status: 'pass', observedUnit: 'bytes' })
    expect(await once(checks.disk({ minFreeRatio: 1 }))).toMatchObject({ status: 'fail' })
    expect(await once(checks.memory({ maxRatio: 1 }))).toMatchObject({ status: 'pass' })
    expect(await once(checks.memory({ maxRatio: 1e-9 }))).toMatchObject({ status: 'fail' })
  })

  it('the event loop is measured from one check to the next', async () => {
    const check = checks.eventLoop({ maxDelayP99Ms: 100 })
    await once(check)
    await new Promise((resolve) => setTimeout(resolve, 120))
    const until = performance.now() + 300
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await once(check)).toMatchObject({ status: 'fail', observedUnit: 'ms' })
  })

  it('tcp and http ask who should answer', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/bad' ? 500 : 204
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    expect(await once(checks.tcp({ host: '127.0.0.1', port }))).toBe(true)
    expect(await once(checks.http({ url }))).toMatchObject({ status: 'pass' })
    expect(await once(checks.http({ url: `${url}/bad` }))).toMatchObject({ status: 'fail' })
    expect(await once(checks.http({ url: `${url}/bad`, expectStatus: 500 }))).toMatchObject({ status: 'pass' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(once(checks.tcp({ host: '127.0.0.1', port }))).rejects.toThrow(/ECONNREFUSED/)
  })

  it("a breaker's state is a readiness", async () => {
    const breaker = circuitBreaker()
    expect(await once(checks.breaker(breaker))).toMatchObject({ status: 'pass' })
    breaker.disable()
    expect(await once(checks.breaker(breaker))).toMatchObject({ status: 'warn' })
    breaker.open()
    expect(await once(checks.breaker(breaker))).toMatchObject({ status: 'fail' })
  })
})
