// The admin port of a running service: counts that agree with a client's own through kills and reloads, probes that fail before the
// listener closes, operations with the token, and a port that somebody else has.

import { rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, readEvents, TOKEN } from '../support/admin.ts'
import { assertNoProcessLeft, DEADLINE_MS, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { type Family, metric, parseMetrics } from '../support/prometheus.ts'
import { fixture, freePort, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

interface WithAdmin {
  readonly service: Service
  readonly admin: number
}

async function start(
  config: Record<string, unknown> = {},
  options: {
    readonly node?: string
    readonly admin?: number
    readonly running?: false
    readonly listening?: false
  } = {},
): Promise<WithAdmin> {
  const { node } = options
  const admin = options.admin ?? (await freePort())
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      name: 'web',
      script: fixture('server.cjs'),
      instances: 2,
      admin: { port: admin },
      ...config,
    }),
  })
  const service = await startService(null, {
    cwd,
    env: { RESIL_ADMIN_TOKEN: TOKEN },
    ...(node === undefined ? {} : { node }),
  })
  if (options.listening !== false) await service.event('admin.listening')
  if (options.running !== false) await service.event('app.running')
  return { service, admin }
}

function post(admin: number, operation: string, params: unknown = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  return ask(admin, `/${operation}`, { method: 'POST', headers, body: JSON.stringify(params) })
}

async function scrape(admin: number): Promise<Map<string, Family>> {
  return parseMetrics((await ask(admin, '/metrics')).body)
}

const app = 'web'
const answered = (families: Map<string, Family>): number =>
  metric(families, 'resil_http_responses_total', { app, status_class: '2xx' })

/** Clients that ask one after the other on kept connections, and count what they were answered. */
function load(port: number, clients: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients })
  const counts = { asked: 0, answered: 0, failed: 0 }
  let going = true
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      counts.asked += 1
      const request = http.get({ host: '127.0.0.1', port, path: '/slow?ms=5', agent }, (response) => {
        response.resume()
        response.on('end', () => {
          counts.answered += 1
          resolve()
        })
        response.on('error', () => {
          counts.failed += 1
          resolve()
        })
      })
      request.on('error', () => {
        counts.failed += 1
        resolve()
      })
    })
  const all = Promise.all(
    Array.from({ length: clients }, async () => {
      while (going) await one()
    }),
  )
  return {
    counts,
    end: async (): Promise<{ readonly answered: number; readonly failed: number }> => {
      going = false
      await all
      agent.destroy()
      return counts
    },
  }
}

/** The load has gone on for so many answers more. */
async function untilAnswered(loading: ReturnType<typeof load>, more: number): Promise<void> {
  const goal = loading.counts.answered + more
  await expect.poll(() => loading.counts.answered, { timeout: DEADLINE_MS, interval: 5 }).toBeGreaterThanOrEqual(goal)
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('through a reload, the totals are exactly what a client counts', async () => {
    const { service, admin } = await start({}, { node })
    const loading = load(service.port, 8)
    await untilAnswered(loading, 200)
    const reloaded = await post(admin, 'reload')
    expect(JSON.parse(reloaded.body)).toMatchObject({ verdicts: [{ outcome: 'finished' }] })
    await untilAnswered(loading, 200)
    const counted = await loading.end()
    expect(counted.failed).toBe(0)
    // Those that live report once a second; what the replaced ones had counted is there by now.
    await expect.poll(async () => answered(await scrape(admin)), { timeout: DEADLINE_MS }).toBe(counted.answered)
    const families = await scrape(admin)
    expect(metric(families, 'resil_http_requests_total', { app })).toBe(counted.answered)
    expect(metric(families, 'http_server_request_duration_seconds_count', { app })).toBe(counted.answered)
    expect(metric(families, 'http_server_request_duration_seconds_bucket', { app, le: '0.005' })).toBeLessThan(
      counted.answered,
    )
    expect(metric(families, 'resil_http_responses_aborted_total', { app })).toBe(0)
    expect(metric(families, 'resil_reloads_total', { app, outcome: 'finished' })).toBe(1)
    expect(metric(families, 'resil_worker_starts_total', { app })).toBe(4)
    expect(metric(families, 'resil_worker_exits_total', { app, kind: 'planned' })).toBe(2)
    expect(metric(families, 'resil_app_generation', { app })).toBe(2)
    await service.stop()
  })

  it('through kill -9, the totals never fall, are never too high, and low by what had not been reported yet at most', async () => {
    const { service, admin } = await start({}, { node })
    const clients = 8
    const loading = load(service.port, clients)
    const seen = [0]
    const faults: string[] = []
    const look = async (): Promise<number> => {
      const total = answered(await scrape(admin))
      const { asked } = loading.counts
      const before = seen.at(-1) ?? 0
      // An answer may be on its way to the client while its worker has told of it.
      if (total > asked) faults.push(`${total} of ${asked} requests were answered`)
      if (total < before) faults.push(`${before} fell to ${total}`)
      seen.push(total)
      return total
    }
    let mayBeLost = 0
    for (let kill = 1; kill <= 3; kill += 1) {
      // Reports go on coming while workers answer: what was answered by now has been told of, or as much of what came later.
      await untilAnswered(loading, 200)
      const reported = loading.counts.answered
      await expect.poll(look, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(reported)
      // The older one.
      const { pid } = (await service.event('worker.forked', ({ worker }) => worker.id === kill)).worker
      process.kill(Number(pid), 'SIGKILL')
      await service.event('worker.exited', ({ worker }) => worker.id === kill)
      // The last answers of each client may not have been read yet.
      mayBeLost += loading.counts.answered + clients - reported
      await look()
      await service.event('worker.ready', ({ worker }) => worker.id === 2 + kill)
    }
    const counted = await loading.end()
    // Those that live report what they still have.
    await expect
      .poll(async () => counted.answered - (await look()), { timeout: DEADLINE_MS })
      .toBeLessThanOrEqual(mayBeLost)
    expect(await look()).toBeLessThanOrEqual(counted.answered)
    expect(faults).toEqual([])
    const families = await scrape(admin)
    expect(metric(families, 'resil_worker_exits_total', { app, kind: 'signal' })).toBe(3)
    expect(metric(families, 'resil_worker_restarts_total', { app })).toBe(3)
    await service.stop()
  })

  it('/readyz fails as soon as a stop begins, while the service still answers', async () => {
    const { service, admin } = await start({ shutdown: { deadline: '2m', readinessDelay: '1m' } }, { node })
    expect((await ask(admin, '/readyz')).status).toBe(200)
    service.process.kill('SIGTERM')
    await service.event('supervisor.stopping')
    const probe = await ask(admin, '/readyz')
    expect([probe.status, probe.body]).toEqual([503, expect.stringContaining('resil is stopping')])
    expect(JSON.parse(await service.get())).toHaveProperty('pid')
    expect((await ask(admin, '/livez')).status).toBe(200)
    expect((await ask(admin, '/startupz')).status).toBe(200)
    expect(service.events('worker.draining')).toEqual([])
    await service.resil(['stop', '--force'])
    await service.exit
  })
})

it('probes follow an app through its boot and through the loss of its only worker', async () => {
  // It boots when the test lets it.
  const file = join(tempDir(), 'go')
  const config = { script: fixture('waits-for-file.cjs'), env: { WAIT_FOR: file }, instances: 1 }
  const { service, admin } = await start(config, { running: false })
  const probe = async (path: string) => (await ask(admin, path)).status
  expect([await probe('/readyz'), await probe('/startupz'), await probe('/livez')]).toEqual([503, 503, 200])
  for (let boot = 1; boot <= 2; boot += 1) {
    writeFileSync(file, '')
    const { worker } = await service.event('worker.ready', ({ worker: { id } }) => id === boot)
    await expect.poll(() => probe('/readyz'), { timeout: DEADLINE_MS }).toBe(200)
    rmSync(file)
    process.kill(Number(worker.pid), 'SIGKILL')
    await service.event('worker.exited', ({ worker: { id } }) => id === boot)
    expect([await probe('/readyz'), await probe('/startupz'), await probe('/livez')]).toEqual([503, 200, 200])
  }
  writeFileSync(file, '')
  await expect.poll(() => probe('/readyz'), { timeout: DEADLINE_MS }).toBe(200)
  await service.stop()
})

it('scales, restarts and stops over HTTP, and tells of it in the stream of events', async () => {
  const { service, admin } = await start()
  const events = await readEvents(admin, '0')
  const until = async (type: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const event = await events.next()
      if (event.type === type) return event.data
    }
  }
  expect(await until('supervisor.started')).toMatchObject({ name: 'web', pid: service.pid })
  const scaled = await post(admin, 'scale', { app: 'web', to: '+1' })
  expect([scaled.status, JSON.parse(scaled.body)]).toEqual([200, { app: 'web', from: 2, to: 3 }])
  expect(await until('app.scaled')).toMatchObject({ from: 2, to: 3 })
  const slot = await post(admin, 'restart', { target: 'web:0' })
  expect(JSON.parse(slot.body)).toMatchObject({ verdicts: [{ app: 'web', outcome: 'finished' }] })
  const { body } = await ask(admin, '/status')
  const { supervisor, apps } = await service.status()
  expect(JSON.parse(body)).toMatchObject({
    supervisor: { name: 'web', pid: service.pid, socket: supervisor.socket },
    apps: [{ name: 'web', instances: apps[0]?.instances }],
  })
  expect(Object.keys(JSON.parse(body).supervisor)).toEqual(Object.keys(supervisor))
  const stopped = await post(admin, 'stop')
  expect(JSON.parse(stopped.body)).toEqual({ stopped: ['web'], supervisor: true })
  await until('supervisor.stopped')
  await events.ended
  expect(await service.exit).toEqual({ code: 0, signal: null })
})

it('the token is in no event, no log line, no status and no worker', async () => {
  const { service, admin } = await start({ script: fixture('report.cjs') })
  const { body: status } = await ask(admin, '/status')
  const { body: metrics } = await ask(admin, '/metrics')
  const { body: index } = await ask(admin, '/')
  const ofWorker = await service.get()
  expect(ofWorker).toContain('RESIL_LOG_LEVEL')
  await post(admin, 'reload')
  const { stdout } = await service.resil(['check', '--explain'])
  expect(stdout).toContain('(set, not shown)')
  const json = await service.resil(['check', '--explain', '--json'])
  const socketStatus = await service.resil(['status', '--json'])
  await service.stop()
  const everything = [status, metrics, index, ofWorker, stdout, json.stdout, socketStatus.stdout, ...service.lines]
  expect(everything.join('\n')).not.toContain(TOKEN)
})

it('a taken port does not keep the service from starting, is told with its owner, and is opened when it is free', async () => {
  const taken = createServer()
  const admin = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
  })
  const { service } = await start({}, { admin, listening: false })
  const failed = await service.event('admin.listenFailed')
  expect(failed).toMatchObject({
    port: admin,
    code: 'EADDRINUSE',
    owner: expect.stringContaining(`pid ${process.pid}`),
  })
  expect(JSON.parse(await service.get())).toHaveProperty('pid')
  const { stderr } = await service.resil(['check'])
  expect(stderr).toContain(`admin.port ${admin} is taken by pid ${process.pid}`)
  await new Promise((resolve) => taken.close(resolve))
  await service.event('admin.listening')
  expect((await ask(admin, '/livez')).status).toBe(200)
  // Its own supervisor is no stranger on it.
  expect((await service.resil(['check'])).stderr).toBe('')
  await service.stop()
})

it('is off unless it is asked for', async () => {
  const service = await startService(fixture('server.cjs'), { args: ['-w', '1'], env: { RESIL_ADMIN_TOKEN: TOKEN } })
  await service.event('app.running')
  expect(service.events('admin.listening')).toEqual([])
  await service.stop()
})
