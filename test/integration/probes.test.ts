// Probes of single workers that share one port, by the built CLI: a sick one is replaced or gets no connections, the others serve.

import { EventEmitter, once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { assertNoProcessLeft, DEADLINE_MS } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { rawClient, get as request } from '../support/raw-client.ts'
import { fixture, freePort, type Service, startService } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

/** On a busy machine it may be told before that a worker gets no CPU. */
const isReplaced = ({ action }: { readonly action: string }): boolean => action === 'replace'

/** Three in a row of 400 ms each: on a busy machine a single answer of a worker that is well may be late. */
const often = { interval: '400ms', timeout: '400ms', failureThreshold: 3 }

async function withProbes(probes: object, node: string, more: object = {}): Promise<Service> {
  const settings = { name: 'web', script: fixture('moody.cjs'), instances: 3, probes, ...more }
  const cwd = tempDir({ 'resilience.config.json': JSON.stringify(settings) })
  return startService(null, { node, cwd })
}

/** Makes one worker sick, whichever gets the request; its pid. */
async function sicken(service: Service): Promise<number> {
  return JSON.parse(await service.get('/be?how=sick')).pid
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('liveness over http finds the one sick worker behind the shared port, and it is replaced while all are served', async () => {
    const service = await withProbes({ liveness: { http: '/health', ...often } }, node)
    await service.event('app.running')
    const sick = await sicken(service)
    const tripped = await service.event('watchdog.tripped', isReplaced)
    expect(tripped).toMatchObject({ watchdog: 'probe', detail: 'liveness: GET /health: 503', worker: { pid: sick } })
    const replaced = await service.event('worker.replaced')
    expect(replaced).toMatchObject({ cause: 'liveness', worker: { pid: sick } })
    await service.event('worker.exited', ({ worker }) => worker.pid === sick)
    for (let request = 0; request < 9; request += 1) expect(JSON.parse(await service.get()).pid).not.toBe(sick)
    expect(service.events('watchdog.tripped').filter(isReplaced)).toHaveLength(1)
    await service.stop()
  })

  it('a worker that does not answer its probe in time fails it', async () => {
    const service = await withProbes({ liveness: { http: '/hang', ...often } }, node, { instances: 1 })
    const { detail } = await service.event('watchdog.tripped', isReplaced)
    expect(detail).toBe('liveness: GET /hang: no answer in time')
    await service.stop()
  })

  it('readiness takes a sick worker out of rotation without ending it, and lets it back in', async () => {
    const service = await withProbes({ readiness: { http: '/health', ...often } }, node)
    await service.event('app.running')
    // The connections that it has stay its own.
    const client = await rawClient(service.port)
    client.write(request('/be?how=sick'))
    const sick = Number(/"pid":(\d+)/.exec(await client.until(/"pid":\d+/))?.[1])
    await service.event('worker.rotated', ({ inRotation, worker }) => !inRotation && worker.pid === sick)
    const pids = await Promise.all(Array.from({ length: 12 }, async () => JSON.parse(await service.get()).pid))
    expect(pids).not.toContain(sick)
    expect(new Set(pids).size).toBe(2)
    const [app] = (await service.status()).apps
    expect(app).toMatchObject({ ready: 2, state: 'degraded' })
    expect(app?.workers.find(({ pid }) => pid === sick)).toMatchObject({ state: 'ready', inRotation: false })
    expect((await service.resil(['status'])).stdout).toMatch(/no new connections/)
    client.write(request('/be?how=well'))
    await service.event('worker.rotated', ({ inRotation, worker }) => inRotation && worker.pid === sick)
    const again = await Promise.all(Array.from({ length: 12 }, async () => JSON.parse(await service.get()).pid))
    expect(again).toContain(sick)
    expect(service.events('worker.exited')).toEqual([])
    client.end()
    await service.stop()
  })

  it('startup keeps a worker from being ready until it passes, and ends one that never does', async () => {
    const file = join(tempDir(), 'ready')
    const startup = { exec: ['test', '-e', file], interval: '500ms', timeout: '500ms', failureThreshold: 200 }
    const service = await withProbes({ startup }, node, { instances: 1 })
    await service.event('worker.listening')
    await service.get()
    expect(service.events('worker.ready')).toEqual([])
    writeFileSync(file, '')
    await service.event('worker.ready')
    await service.stop()

    const never = await withProbes(
      {
        startup: {
          exec: ['sh', '-c', 'echo no luck >&2; exit 3'],
          interval: '30s',
          timeout: '30s',
          failureThreshold: 1,
        },
      },
      node,
      { instances: 1 },
    )
    const { detail } = await never.event('watchdog.tripped')
    expect(detail).toBe('startup: sh: exit code 3, no luck')
    expect(await never.exit).toMatchObject({ code: 1 })
  })

  it('a stop waits for no question that is still open, and leaves nothing of it behind', async () => {
    const asked = new EventEmitter()
    const silent = createServer(() => asked.emit('asked')).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const questioned = once(asked, 'asked')
    const { port } = silent.address() as AddressInfo
    const file = join(tempDir(), 'asked')
    const patient = { interval: '5m', timeout: '5m' }
    const service = await withProbes(
      {
        liveness: { exec: ['sh', '-c', `: > ${file}; sleep 300`], ...patient },
        readiness: { http: `http://127.0.0.1:${port}/`, ...patient },
      },
      node,
      { instances: 1, ready: { on: 'listening' } },
    )
    await questioned
    await vi.waitUntil(() => existsSync(file), { timeout: DEADLINE_MS })
    const began = performance.now()
    expect(await service.stop()).toEqual({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(20_000)
    silent.closeAllConnections()
    silent.close()
  })

  it('https reaches the one worker, below TLS, whatever its certificate says', async () => {
    const tls = fileURLToPath(new URL('../../fixtures/tls/', import.meta.url))
    const cwd = tempDir({
      'app.cjs': `
        const { readFileSync } = require('node:fs')
        const tls = { key: readFileSync('${tls}key.pem'), cert: readFileSync('${tls}cert.pem') }
        require('node:https').createServer(tls, (request, response) => {
          console.log(request.headers['user-agent'], request.url)
          response.end()
        }).listen(Number(process.env.PORT), '127.0.0.1')`,
    })
    const port = await freePort()
    const service = await startService('app.cjs', {
      node,
      cwd,
      args: ['-w', '1'],
      port,
      env: { RESIL_PROBES_READINESS_HTTP: `https://localhost:${port}/ready` },
    })
    await service.event('app.running')
    await service.waitForLine(/resil-probe \/ready/)
    await service.stop()
  })

  it('tcp and exec speak for one worker, too', async () => {
    const pids = join(tempDir(), 'asked')
    const exec = ['sh', '-c', `echo $RESIL_APP $RESIL_SLOT $RESIL_WORKER_PID >> ${pids}`]
    const service = await withProbes(
      { readiness: { exec, interval: '1s', timeout: '1s' }, liveness: { tcp: 1, ...often } },
      node,
      { instances: 1 },
    )
    const { detail, worker } = await service.event('watchdog.tripped')
    expect(detail).toBe('liveness: port 1: ECONNREFUSED')
    const asked = () => (existsSync(pids) ? readFileSync(pids, 'utf8').split('\n') : [])
    await expect.poll(asked, { timeout: DEADLINE_MS }).toContain(`web 0 ${worker.pid}`)
    await service.stop()
  })

  it('ipc asks the health registry of the app', async () => {
    const resil = fileURLToPath(new URL('../../dist/patterns.js', import.meta.url))
    const cwd = tempDir({
      'app.mjs': `
        import { healthRegistry } from ${JSON.stringify(resil)}
        import http from 'node:http'
        let queue = 'pass'
        const health = healthRegistry()
        health.register('queue', () => ({ status: queue, output: queue === 'fail' ? 'consumer is gone' : 'ok' }), { kind: 'liveness', intervalMs: 50 })
        http.createServer((request, response) => {
          if (request.url === '/break') queue = 'fail'
          response.end(String(process.pid))
        }).listen(Number(process.env.PORT), '127.0.0.1')`,
      'resilience.config.json': JSON.stringify({
        name: 'web',
        script: 'app.mjs',
        instances: 2,
        probes: { liveness: { ipc: true, ...often } },
      }),
    })
    const service = await startService(null, { node, cwd })
    await service.event('app.running')
    const broken = Number(await service.get('/break'))
    const tripped = await service.event('watchdog.tripped', isReplaced)
    expect(tripped).toMatchObject({ detail: 'liveness: queue: consumer is gone', worker: { pid: broken } })
    await service.event('worker.replaced')
    await service.stop()
  })

  it('a release that fails its startup probe is turned back', async () => {
    const service = await withProbes({ startup: { http: '/health', ...often } }, node, { instances: 2 })
    await service.event('app.running')
    writeFileSync(
      join(service.cwd, 'resilience.config.json'),
      JSON.stringify({
        name: 'web',
        script: fixture('moody.cjs'),
        instances: 2,
        probes: { startup: { http: 'http://127.0.0.1:1/nothing', ...often } },
      }),
    )
    const { code, stdout } = await service.resil(['reload'])
    expect(code).toBe(75)
    expect(stdout).toMatch(/failed its probe \(startup: GET http:\/\/127\.0\.0\.1:1\/nothing: .*ECONNREFUSED/)
    expect((await service.status()).apps[0]).toMatchObject({ ready: 2, generation: 1 })
    await service.stop()
  })
})
