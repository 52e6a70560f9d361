// The admin port over real HTTP, with a supervisor that the test plays.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { METRICS, type MetricDefinition } from '../../../src/metrics/definitions.ts'
import { ask, serveAdmin, TOKEN } from '../../support/admin.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { appStatus, fakePort } from '../../support/fake-port.ts'
import { parseMetrics } from '../../support/prometheus.ts'

const bearer = { authorization: `Bearer ${TOKEN}` }
const json = { 'content-type': 'application/json' }

/** Answers every reload at once. */
function reloading(outcome: 'reload.finished' | 'reload.superseded' = 'reload.finished') {
  return fakePort({
    onSubmit: (input, { publish }) => {
      if (input.type !== 'reload.requested') return
      const { app, request } = input
      publish({ type: 'reload.started', app, generation: 2, request, restart: false, slots: 2 })
      if (outcome === 'reload.finished') publish({ type: outcome, app, generation: 2, request, tookMs: 5 })
      else publish({ type: outcome, app, generation: 2, request, restart: false, by: 'reload' })
    },
  })
}

function codeOf(body: string): string {
  const { error } = JSON.parse(body) as { error: { code: string; message: string } }
  expect(error.message).not.toMatch(/\n| at |node:internal/)
  return error.code
}

describe('who may ask', () => {
  it.each<[string, string, string, Record<string, string>, number, string | null]>([
    ['a read needs nothing', 'GET', '/status', {}, 200, null],
    ['a read under a foreign name is refused', 'GET', '/status', { host: 'evil.example' }, 421, 'RESIL_WRONG_HOST'],
    ['even a probe', 'GET', '/livez', { host: 'evil.example:9464' }, 421, 'RESIL_WRONG_HOST'],
    ['an address does not pass for a name on loopback', 'GET', '/livez', { host: '10.0.0.1' }, 421, 'RESIL_WRONG_HOST'],
    ['localhost is a name of it', 'GET', '/livez', { host: 'localhost:9464' }, 200, null],
    ['the token opens under any name', 'GET', '/livez', { host: 'resil.default.svc', ...bearer }, 200, null],
    [
      'a wrong token does not',
      'GET',
      '/livez',
      { host: 'a.b', authorization: 'Bearer nonsense' },
      421,
      'RESIL_WRONG_HOST',
    ],
    ['a change needs the token', 'POST', '/reload', {}, 401, 'RESIL_TOKEN'],
    ['the right one', 'POST', '/reload', { authorization: 'Bearer nonsense' }, 401, 'RESIL_TOKEN'],
    ['the whole of it', 'POST', '/reload', { authorization: `Bearer ${TOKEN.slice(1)}` }, 401, 'RESIL_TOKEN'],
    ['as a bearer', 'POST', '/reload', { authorization: TOKEN }, 401, 'RESIL_TOKEN'],
    ['with it a change is made', 'POST', '/reload', bearer, 200, null],
    ['but not for a page', 'POST', '/reload', { ...bearer, origin: 'http://localhost:9464' }, 403, 'RESIL_FROM_A_PAGE'],
    ['nor a sandboxed one', 'POST', '/reload', { ...bearer, origin: 'null' }, 403, 'RESIL_FROM_A_PAGE'],
    ['logs are not for everybody', 'POST', '/logs', {}, 401, 'RESIL_TOKEN'],
    ['what there is not', 'GET', '/.env', {}, 404, 'RESIL_NOT_FOUND'],
    ['nor as an inherited name', 'GET', '/constructor', {}, 404, 'RESIL_NOT_FOUND'],
    ['nor as an operation', 'POST', '/toString', bearer, 404, 'RESIL_NOT_FOUND'],
    ['operations are not read', 'GET', '/reload', bearer, 404, 'RESIL_NOT_FOUND'],
    ['reads are not posted', 'POST', '/metrics', bearer, 405, 'RESIL_METHOD'],
    ['nor deleted', 'DELETE', '/status', bearer, 405, 'RESIL_METHOD'],
    ['another form of target', 'GET', 'http://evil.example/livez', {}, 404, 'RESIL_NOT_FOUND'],
  ])('%s: %s %s', async (_why, method, path, headers, status, code) => {
    const { number, port } = await serveAdmin(reloading())
    const answer = await ask(number, path, { method, headers })
    expect(answer.status).toBe(status)
    if (code !== null) expect(codeOf(answer.body)).toBe(code)
    expect(port.submitted).toHaveLength(method === 'POST' && status === 200 ? 1 : 0)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(JSON.stringify(answer)).not.toContain(TOKEN)
  })

  it('without a token nothing can be changed, and it says how that would be', async () => {
    const { number, port } = await serveAdmin(reloading(), {})
    for (const headers of [{}, bearer, { authorization: 'Bearer undefined' }]) {
      const answer = await ask(number, '/reload', { method: 'POST', headers })
      expect([answer.status, codeOf(answer.body)]).toEqual([403, 'RESIL_NO_TOKEN_CONFIGURED'])
      expect(answer.body).toContain('RESIL_ADMIN_TOKEN')
    }
    expect(port.submitted).toEqual([])
  })

  it('an old client that names no host is answered', async () => {
    const { number } = await serveAdmin()
    const socket = connect(number, '127.0.0.1')
    socket.write('GET /livez HTTP/1.0\r\n\r\n')
    const [data] = await once(socket, 'data')
    expect(String(data)).toMatch(/^HTTP\/1\.1 200 OK/)
    socket.destroy()
  })

  it('refusals are counted by reason', async () => {
    const { number } = await serveAdmin()
    await ask(number, '/livez', { headers: { host: 'evil.example' } })
    await ask(number, '/reload', { method: 'POST' })
    await ask(number, '/reload', { method: 'POST' })
    const { body } = await ask(number, '/metrics')
    expect(body).toContain('resil_admin_refusals_total{reason="host"} 1\n')
    expect(body).toContain('resil_admin_refusals_total{reason="token"} 2\n')
  })
})

describe('a change', () => {
  const post = (number: number, path: string, body: string, headers: Record<string, string> = json) =>
    ask(number, path, { method: 'POST', headers: { ...bearer, ...headers }, body })

  it.each<[string, string, Record<string, string>, number, string]>([
    ['no JSON', '{"app":', json, 400, 'RESIL_BAD_REQUEST'],
    ['JSON that is no object', '[]', json, 400, 'RESIL_BAD_REQUEST'],
    ['an unknown parameter', '{"force":true}', json, 400, 'RESIL_BAD_REQUEST'],
    ['an unknown app', '{"app":"wbe"}', json, 404, 'RESIL_UNKNOWN_TARGET'],
    [
      'what a form can send',
      'app=web',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'RESIL_BAD_REQUEST',
    ],
    ['too much', `{"app":"${'x'.repeat(100_000)}"}`, json, 413, 'RESIL_BAD_REQUEST'],
  ])('with %s is refused', async (_what, body, headers, status, code) => {
    const { number, port } = await serveAdmin(reloading())
    const answer = await post(number, '/reload', body, headers)
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code])
    expect(port.submitted).toEqual([])
  })

  it('answers with the result of the operation', async () => {
    const { number } = await serveAdmin(reloading())
    const answer = await post(number, '/reload', '{"app":"web"}')
    expect(JSON.parse(answer.body)).toMatchObject({ verdicts: [{ app: 'web', outcome: 'finished' }] })
  })

  it('that did not get through is no success to curl --fail', async () => {
    const { number } = await serveAdmin(reloading('reload.superseded'))
    const answer = await post(number, '/reload', '')
    expect(answer.status).toBe(409)
    expect(JSON.parse(answer.body)).toMatchObject({ verdicts: [{ app: 'web', outcome: 'superseded' }] })
  })

  it('streams what happens meanwhile to who accepts JSON lines', async () => {
    const { number } = await serveAdmin(reloading())
    const answer = await post(number, '/reload', '{}', { ...json, accept: 'application/x-ndjson' })
    const lines = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { item: { type: 'reload.started' } },
      { item: { type: 'reload.finished' } },
      { ok: true, result: { verdicts: [{ outcome: 'finished' }] } },
    ])
  })

  it('whose caller leaves goes on to its end', async () => {
    const port = fakePort()
    const { number } = await serveAdmin(port)
    const socket = connect(number, '127.0.0.1')
    socket.write(
      `POST /reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 0\r\n\r\n`,
    )
    await expect.poll(() => port.submitted.length).toBe(1)
    socket.destroy()
    const [asked] = port.submitted
    if (asked?.type !== 'reload.requested') throw new Error(`not a reload: ${asked?.type}`)
    expect(port.listeners()).toBe(1)
    port.publish({ type: 'reload.finished', app: asked.app, generation: 2, request: asked.request, tookMs: 400 })
    await expect.poll(port.listeners).toBe(0)
  })

  it('may be any operation of the table: logs come as lines', async () => {
    const port = fakePort({
      lines: [{ at: 1, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'hello' }],
    })
    const { number } = await serveAdmin(port)
    const answer = await post(number, '/logs', '{"lines":1}')
    expect(
      answer.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ item: { text: 'hello' } }, { ok: true, result: { dropped: 0 } }])
  })
})

describe('what can be read', () => {
  it('/status is the document of `resil status --json`, of all apps or one', async () => {
    const port = fakePort({ apps: [appStatus(), appStatus({ name: 'api' })] })
    const { number } = await serveAdmin(port)
    expect(JSON.parse((await ask(number, '/status')).body)).toEqual(port.status())
    expect(JSON.parse((await ask(number, '/status?app=api')).body).apps).toEqual([port.status().apps[1]])
    const unknown = await ask(number, '/status?app=x')
    expect([unknown.status, codeOf(unknown.body)]).toEqual([404, 'RESIL_UNKNOWN_TARGET'])
  })

  it('/ lists what there is, and HEAD has no body', async () => {
    const { number } = await serveAdmin()
    expect((await ask(number, '/')).body).toContain('/readyz')
    const head = await ask(number, '/metrics', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1_000)
  })

  it('/metrics is OpenMetrics for who asks for it: the same series under the same names', async () => {
    const { number } = await serveAdmin()
    const open = await ask(number, '/metrics', { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
    expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(open.body).toMatch(/\n# EOF\n$/)
    const namesIn = (text: string): string[] =>
      text.split('\n').flatMap((line) => /^[^#]\S*(?= )/.exec(line)?.[0] ?? [])
    expect(namesIn(open.body)).toEqual(namesIn((await ask(number, '/metrics')).body))
  })

  it('/metrics is what the strict reader reads, each metric and label is in the table, and each of the table is there', async () => {
    const strategy = { name: 'db', workers: 2, rejected: 0 }
    const app = appStatus({
      breakers: [{ ...strategy, state: 'open', openIn: 1, calls: 9, failures: 9 }],
      bulkheads: [{ ...strategy, fullIn: 0, limit: 20, inFlight: 3, queued: 0 }],
    })
    const { number } = await serveAdmin(fakePort({ apps: [app] }))
    const { body, headers } = await ask(number, '/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const families = parseMetrics(body)
    const table = Object.entries<MetricDefinition>(METRICS)
    expect([...families.keys()]).toEqual(table.map(([name]) => name))
    for (const [name, { type, help, labels }] of table) {
      const family = families.get(name)
      expect([name, family?.type, family?.help]).toEqual([name, type, help])
      for (const series of family?.series ?? []) {
        expect(
          Object.keys(series.labels).filter((label) => label !== 'le'),
          name,
        ).toEqual([...labels])
      }
    }
  })

  it('a probe says why it fails, all of it when asked, and JSON to who accepts it', async () => {
    const port = fakePort({ apps: [appStatus(), appStatus({ name: 'api', ready: 0, state: 'starting' })] })
    const { number, observed } = await serveAdmin(port)
    const worker = { app: 'web', slot: 0, id: 1, pid: 10, generation: 1 }
    observed.add({ type: 'worker.listening', worker, port: 3000, address: null })
    observed.add({ type: 'worker.ready', worker, bootMs: 1, by: 'listening' })
    const plain = await ask(number, '/readyz')
    expect([plain.status, plain.body]).toEqual([503, '[-] api: starting, never ready: 0 of 2 ready\nnot ok\n'])
    const verbose = await ask(number, '/readyz?verbose')
    expect(verbose.body).toBe('[+] web: running: 2 of 2 ready\n[-] api: starting, never ready: 0 of 2 ready\nnot ok\n')
    const asJson = await ask(number, '/startupz', { headers: { accept: 'application/json' } })
    expect(asJson.status).toBe(503)
    expect(JSON.parse(asJson.body)).toEqual({
      status: 'fail',
      ok: false,
      reason: null,
      apps: [
        { app: 'web', ok: true, reason: 'has been ready' },
        { app: 'api', ok: false, reason: 'starting, never ready: 0 of 2 ready' },
      ],
    })
    expect((await ask(number, '/livez')).body).toBe('ok\n')
  })
})

describe('a client that wastes places', () => {
  it('is cut off when it sends no request within some seconds', async () => {
    const { number } = await serveAdmin()
    const silent = connect(number, '127.0.0.1')
    const slow = connect(number, '127.0.0.1')
    slow.write('GET /livez HTTP/1.1\r\n')
    const cut = Promise.all([once(silent, 'close'), once(slow, 'close')])
    for (const socket of [silent, slow]) socket.on('error', () => {}).resume()
    await cut
    expect((await ask(number, '/livez')).status).toBe(200)
  })

  it('gets an answer to nonsense that says nothing of the inside', async () => {
    const { number } = await serveAdmin()
    for (const nonsense of [
      '\x16\x03\x01\x02\x00',
      'GET /livez HTTP/9.9\r\n\r\n',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    ]) {
      const socket = connect(number, '127.0.0.1')
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('error', () => {})
      socket.write(nonsense)
      await once(socket, 'close')
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d [\w ]+\r\nConnection: close\r\n\r\n$/)
    }
    expect((await ask(number, '/livez')).status).toBe(200)
  })
})

describe('the port', () => {
  it('that is taken is told once, with the fix, and tried again until it is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const clock = fakeClock()
    const admin = await serveAdmin(fakePort(), { port }, clock)
    const failed = {
      type: 'admin.listenFailed',
      host: '127.0.0.1',
      port,
      code: 'EADDRINUSE',
      owner: null,
      retryInMs: 5_000,
    }
    expect(admin.told).toEqual([failed])
    for (let attempt = 0; attempt < 3; attempt += 1) {
      clock.advance(5_000)
      // Each attempt ends in an error, which arms the next timer.
      await expect.poll(() => clock.pending).toBe(1)
    }
    expect(admin.told).toEqual([failed])
    await new Promise((resolve) => taken.close(resolve))
    clock.advance(5_000)
    await expect.poll(() => admin.told.at(-1)).toEqual({ type: 'admin.listening', host: '127.0.0.1', port })
    expect((await ask(port, '/livez')).status).toBe(200)
  })

  it('is not tried again once it is closed', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const clock = fakeClock()
    const admin = await serveAdmin(fakePort(), { port: (taken.address() as AddressInfo).port }, clock)
    await admin.close()
    expect(clock.pending).toBe(0)
  })

  it('is free as soon as it is closed, though connections were open', async () => {
    const admin = await serveAdmin()
    const idle = connect(admin.number, '127.0.0.1')
    await once(idle, 'connect')
    await admin.close()
    const next = createServer().listen(admin.number, '127.0.0.1')
    await once(next, 'listening')
    next.close()
    idle.destroy()
  })
})
