import { execFileSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { bulkhead, hedge, manualClock, pipeline, retry, timeout } from '../../../src/patterns.ts'
import { boom, deferred, fails, succeeds, turn } from '../support/promises.ts'
import { countListeners } from '../support/signals.ts'
import { useTempDir } from '../support/temp.ts'

const CALLS = 10_000

describe('after 10,000 calls', () => {
  it('no timer is left that keeps the process alive', async () => {
    // In a process of its own: the test runner has timers too.
    const output = await program(`
      import { bulkhead, circuitBreaker, fallback, pipeline, retry, timeout } from './patterns.ts'
      const all = pipeline(
        'p',
        fallback.value('spare'),
        timeout(1000),
        retry({ backoff: { delayMs: () => 0 }, maxAttempts: 2, attemptTimeoutMs: 500 }),
        circuitBreaker({ failureThreshold: ${CALLS} }),
        bulkhead(),
      )
      const fails = async () => { throw new Error('boom') }
      for (let n = 0; n < ${CALLS}; n++) await all.execute(n % 100 === 0 ? fails : () => 'ok')
      console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length)
    `)
    expect(output).toBe('0')
  })

  it('no timer is left on the clock, whatever way the calls ended', async () => {
    const clock = manualClock()
    const all = pipeline('p', timeout({ clock, timeoutMs: 1000 }), hedge({ clock, delayMs: 100 }), bulkhead({ clock }))
    for (let n = 0; n < 1000; n++) {
      const controller = new AbortController()
      const stuck = deferred()
      const call = all.execute(n % 3 === 0 ? fails : n % 3 === 1 ? succeeds : () => stuck.promise, {
        signal: controller.signal,
      })
      if (n % 3 === 2) controller.abort(boom)
      await call.catch(() => {})
      stuck.resolve(1)
    }
    expect(clock.pending).toBe(0)
  })

  it('no listener is left on a signal that calls share', async () => {
    const { signal } = new AbortController()
    const counts = countListeners(signal)
    const all = pipeline('p', timeout(1000), retry({ maxAttempts: 1 }), bulkhead())
    for (let n = 0; n < CALLS; n++) await all.execute(n % 2 === 0 ? fails : succeeds, { signal }).catch(() => {})
    expect(counts).toEqual({ added: CALLS, removed: CALLS })
  })
})

it('a thousand calls that wait on one signal share one listener of it, each ends once, and Node has nothing to warn of', async () => {
  const warned: string[] = []
  const onWarning = (warning: Error) => warned.push(warning.name)
  process.on('warning', onWarning)
  const controller = new AbortController()
  const { signal } = controller
  const all = pipeline('p', timeout(10_000), bulkhead({ maxConcurrentCalls: 500, maxQueuedCalls: 600 }))
  const calls = Array.from({ length: 1000 }, () => all.execute(() => new Promise(() => {}), { signal }))
  const room = bulkhead({ maxConcurrentCalls: 1, maxQueuedCalls: 5 })
  const waits = [1, 2, 3].map(() => room.acquire({ signal }))
  await turn()
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort(boom)
  const ends = await Promise.allSettled([...calls, ...waits.slice(1)])
  expect(ends.every((end) => end.status === 'rejected' && end.reason === boom)).toBe(true)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await turn()
  process.off('warning', onWarning)
  expect(warned).toEqual([])
  expect(all.metrics().inFlight).toBe(0)
})

/** Runs a program that imports the patterns alone, as its own process. */
async function program(source: string, args: readonly string[] = []): Promise<string> {
  const dir = useTempDir()
  const outfile = join(dir.path, 'program.mjs')
  const resolveDir = join(import.meta.dirname, '../../../src')
  try {
    await build({
      stdin: { contents: source, resolveDir, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      logLevel: 'error',
    })
    return execFileSync(process.execPath, [...args, outfile], { encoding: 'utf8', timeout: 50_000 }).trim()
  } finally {
    dir.remove()
  }
}

describe('in a process of its own', () => {
  it('a call that waits for its timeout keeps the process alive, an idle timeout does not', async () => {
    const output = await program(`
      import { timeout } from './patterns.ts'
      const limit = timeout(300), idle = timeout(60_000)
      await idle.execute(() => 1)
      limit.execute(() => new Promise(() => {})).catch((error) => console.log(error.code))
    `)
    expect(output).toBe('RESIL_TIMEOUT')
  })

  it('a wait for the next attempt keeps the process alive; health checks in the background do not', async () => {
    const output = await program(`
      import { constantBackoff, healthRegistry, retry } from './patterns.ts'
      healthRegistry().register('x', () => true, { intervalMs: 60_000 })
      let calls = 0
      const flaky = async () => { if (++calls === 1) throw new Error('once'); return 'again' }
      retry({ backoff: constantBackoff(300) }).execute(flaky).then(console.log)
    `)
    expect(output).toBe('again')
  })

  it('a check that hangs in the background does not keep the process alive, one that somebody waits for does', async () => {
    const output = await program(`
      import { healthRegistry } from './patterns.ts'
      const health = healthRegistry()
      health.register('hangs', () => { console.log('begun'); return new Promise(() => {}) }, { timeoutMs: 600_000 })
      health.register('ends', () => new Promise(() => {}), { timeoutMs: 300, kind: 'startup' })
      setTimeout(async () => console.log((await health.runAll('startup')).status), 50)
    `)
    expect(output).toBe('begun\nfail')
  })

  it('the memory of a breaker does not grow with the rate of its calls', async () => {
    const output = await program(
      `
      import { circuitBreaker, manualClock } from './patterns.ts'
      const retained = (records) => {
        const clock = manualClock()
        const make = () => circuitBreaker({ name: 'b', clock, window: { durationMs: 10_000 }, failureRate: 1 })
        gc()
        const before = process.memoryUsage().heapUsed
        const breakers = Array.from({ length: 1000 }, make)
        for (let n = 0; n < records; n++) {
          if (n % (records / 1000) === 0) clock.advance(10)
          breakers[n % breakers.length].tryAcquire()?.settle(n % 2 ? 'success' : 'failure', 1)
        }
        gc()
        return (process.memoryUsage().heapUsed - before) / breakers.length
      }
      // Once for nothing: what is compiled on the way is no part of a breaker.
      retained(500_000)
      console.log(JSON.stringify([retained(1_000), retained(1_000_000)]))
    `,
      ['--expose-gc'],
    )
    const [few = 0, many = 0] = JSON.parse(output) as number[]
    expect(Math.abs(many - few)).toBeLessThan(1024)
    expect(many).toBeLessThan(10 * 1024)
  })
})
