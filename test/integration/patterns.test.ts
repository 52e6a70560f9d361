// The patterns inside of workers, by the built CLI: what the supervisor forbids them, and what it tells of them.

import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { AppStatus } from '../../src/protocol/status.ts'
import { assertNoProcessLeft, DEADLINE_MS } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, freePort, type Service, startService } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

function start(node: string, config: object, env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const written = { name: 'web', script: fixture('patterns.mjs'), instances: 2, ...config }
  const cwd = tempDir({ 'resilience.config.json': JSON.stringify(written) })
  return startService(null, { node, cwd, env })
}

async function ask<T>(service: Service, path: string): Promise<T & { pid: number }> {
  return JSON.parse(await service.get(path)) as T & { pid: number }
}

/** The status of the app, once it shows what was waited for. */
async function appOnce(service: Service, accept: (app: AppStatus) => boolean): Promise<AppStatus> {
  const until = performance.now() + DEADLINE_MS
  for (;;) {
    const [app] = (await service.status()).apps
    if (app !== undefined && accept(app)) return app
    if (performance.now() > until) throw new Error(`not seen within ${DEADLINE_MS} ms: ${JSON.stringify(app)}`)
    await sleep(200)
  }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('chaos in the code is off, whatever code and CHAOS_ENABLED want, and no variable is left that says so', async () => {
    const service = await start(node, {}, { CHAOS_ENABLED: 'true' })
    await service.event('app.running')
    for (let n = 0; n < 4; n++) expect(await ask(service, '/chaos')).toMatchObject({ injected: false })
    const { names } = await ask<{ names: string[] }>(service, '/env')
    expect(names.filter((name) => /chaos/i.test(name))).toEqual(['CHAOS_ENABLED'])
    await service.stop()
  })

  it('chaos.allowed lets the code inject faults, in workers that replace others too', async () => {
    const service = await start(node, { chaos: { allowed: true } })
    await service.event('app.running')
    const { pid, injected } = await ask<{ injected: boolean }>(service, '/chaos')
    expect(injected).toBe(true)
    process.kill(pid, 'SIGKILL')
    await service.event('worker.exited', ({ worker }) => worker.pid === pid)
    await service.event('worker.ready', ({ worker }) => worker.id === 3)
    for (let n = 0; n < 4; n++) expect(await ask(service, '/chaos')).toMatchObject({ injected: true })
    await service.stop()
  })

  it('a breaker that opens is told, and that it is open no more: when what it calls answers again, and when its worker ends', async () => {
    const port = await freePort()
    const service = await startService(fixture('needs-payments.mjs'), {
      node,
      args: ['--name', 'web', '-w', '1'],
      appArgs: [String(port)],
    })
    await service.event('app.running')
    expect(await service.get()).toBe('{"ok":false}')
    expect(await service.event('breaker.opened')).toMatchObject({ app: 'web', name: 'payments', openIn: 1, workers: 1 })
    const dependency = http.createServer((_request, response) => response.end()).listen(port, '127.0.0.1')
    onTestFinished(() => void dependency.close())
    const closedAfterACall = () => service.get().then(() => service.events('breaker.closed').length)
    await expect.poll(closedAfterACall, { timeout: DEADLINE_MS, interval: 250 }).toBe(1)
    await new Promise((resolve) => dependency.close(resolve))
    expect(await service.get()).toBe('{"ok":false}')
    const times = (type: 'breaker.opened' | 'breaker.closed') => () => service.events(type).length
    await expect.poll(times('breaker.opened'), { timeout: DEADLINE_MS }).toBe(2)
    const [worker] = (await service.status()).apps[0]?.workers ?? []
    process.kill(worker?.pid ?? 0, 'SIGKILL')
    await expect.poll(times('breaker.closed'), { timeout: DEADLINE_MS }).toBe(2)
    expect(service.events('incident.opened').filter(({ kind }) => kind === 'dependency-open')).toHaveLength(1)
    await service.stop()
  })

  it('status shows a breaker that is open in one of two workers, and a bulkhead that is full; the metrics count their calls', async () => {
    const admin = await freePort()
    const service = await start(node, { chaos: { allowed: true }, admin: { port: admin } })
    await service.event('app.running')
    const calm = await appOnce(service, ({ breakers }) => breakers[0]?.workers === 2)
    expect(calm.breakers).toEqual([
      { name: 'payments', state: 'closed', openIn: 0, workers: 2, calls: 0, failures: 0, rejected: 0 },
    ])
    await ask(service, '/break')
    await ask(service, '/hold')
    const app = await appOnce(
      service,
      ({ breakers, bulkheads }) => breakers[0]?.openIn === 1 && bulkheads[0]?.fullIn === 1,
    )
    expect(app.breakers[0]).toMatchObject({ name: 'payments', state: 'open', workers: 2, calls: 1, failures: 1 })
    expect(app.bulkheads[0]).toMatchObject({ name: 'database', workers: 2, limit: 2, inFlight: 1 })
    const { stdout } = await service.resil(['status'])
    expect(stdout).toMatch(/circuit breaker "payments" is open in 1 of 2 workers: 0 calls not let through/)
    expect(stdout).toContain('bulkhead "database" is full in 1 of 2 workers')
    const metrics = async () => (await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()).split('\n')
    const counted = [
      'resil_breaker_calls_total{app="web",breaker="payments",outcome="failure"} 1',
      'resil_breaker_calls_total{app="web",breaker="payments",outcome="rejected"} 0',
      'resil_bulkhead_rejected_total{app="web",bulkhead="database"} 0',
    ]
    expect(await metrics()).toEqual(expect.arrayContaining(counted))
    const { pid } = await ask(service, '/chaos')
    const injected = 'resil_chaos_injected_total{app="web",chaos="unnamed"} 1'
    await expect.poll(metrics, { timeout: DEADLINE_MS }).toContain(injected)
    // What a worker has counted outlives it.
    process.kill(pid, 'SIGKILL')
    await service.event('worker.exited', ({ worker }) => worker.pid === pid)
    await service.event('worker.ready', ({ worker }) => worker.id === 3)
    expect(await metrics()).toEqual(expect.arrayContaining([...counted, injected]))
    await service.stop()
  })
})
