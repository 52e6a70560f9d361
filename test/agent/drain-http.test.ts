// Each kind of HTTP connection, at the moment when the drain begins. The apps know nothing of draining.

import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { agentBench, announceAndWaitFor } from '../support/agent-bench.ts'
import type { WorkerUnderTest } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { get, rawClient } from '../support/raw-client.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Says on stdout that the drain has begun, which an app can do with resil/worker; here without an import. */
const announce = "globalThis[Symbol.for('resil.agent')].onDrain(() => console.log('draining'));"

/** Answers each request when its client lets it: /slow?n waits for /go?n, everything else is answered at once. */
const patient = `${announce}
  const waiting = new Map()
  require('http').createServer((req, res) => {
    const [path, key] = req.url.split('?')
    if (path === '/slow') { waiting.set(key, () => res.end('slow ' + key)); return console.log('begun ' + key) }
    if (path === '/go') waiting.get(key)()
    res.end('answer')
  }).listen(0)`

const answer = /HTTP\/1\.1 200 OK[\s\S]*?\r\n\r\n(6\r\n)?answer/
const closing = /Connection: close/i

/** Nothing ends because time is up, unless a test is about that. */
const patiently = { idleWaitMs: 60_000, deadlineMs: 120_000 }

async function drain(worker: WorkerUnderTest, options: Parameters<WorkerUnderTest['drain']>[0] = {}): Promise<void> {
  worker.drain({ ...patiently, ...options })
  await worker.line(/^draining$/)
}

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const { start } = bench

  it('an idle connection gets its next request answered, with the word that it was the last', async () => {
    const worker = await start(patient)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(answer)
    expect(client.received).not.toMatch(closing)
    await drain(worker)
    client.write(get('/again'))
    await client.until(closing)
    expect(await client.closed).toBe('end')
    expect(client.received.match(/answer/g)).toHaveLength(2)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('an idle connection without a next request is closed after idleWaitMs', async () => {
    const worker = await start(patient)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(answer)
    const begun = performance.now()
    await drain(worker, { idleWaitMs: 300 })
    expect(await client.closed).toBe('end')
    expect(performance.now() - begun).toBeGreaterThan(290)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a spare connection that never sent a byte is closed after half a second, however long idle ones may wait', async () => {
    const worker = await start(patient)
    const client = await rawClient(await worker.port())
    const begun = performance.now()
    await drain(worker)
    expect(await client.closed).toBe('end')
    expect(performance.now() - begun).toBeGreaterThan(490)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a spare connection whose first request comes just then is served', async () => {
    const flag = `${tempDir()}/go-on`
    const source = `${announceAndWaitFor(flag)} require('http').createServer((req, res) => res.end('answer')).listen(0)`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    await drain(worker)
    client.write(get())
    // However long that took: the half second is over only when what had come by then has been read.
    writeFileSync(flag, '')
    await client.until(answer)
    expect(client.received).toMatch(closing)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('half a header is waited for', async () => {
    const worker = await start(patient)
    const client = await rawClient(await worker.port())
    const request = get('/', 'X-Half: and-half\r\n')
    client.write(request.slice(0, 30))
    // Read by the worker for certain: a request after it on another connection was.
    const other = await rawClient(await worker.port())
    other.write(get())
    await other.until(answer)
    await drain(worker, { idleWaitMs: 100 })
    // Idle ones are gone by now.
    await other.closed
    client.write(request.slice(30))
    await client.until(answer)
    expect(client.received).toMatch(closing)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a request that lies in the kernel buffer when the drain begins is answered', async () => {
    const source = `${announce}
      require('http').createServer((req, res) => {
        res.end('answer')
        if (req.url === '/block') setImmediate(() => { console.log('blocked'); const t = Date.now() + 500; while (Date.now() < t); })
      }).listen(0)`
    const worker = await start(source)
    const port = await worker.port()
    const idle = await rawClient(port)
    idle.write(get())
    await idle.until(answer)
    const blocking = await rawClient(port)
    blocking.write(get('/block', 'Connection: close\r\n'))
    await worker.line(/blocked/)
    // The worker reads neither before it has both, and may read the drain first; it is not to cut off what it has not read.
    idle.write(get('/buffered'))
    worker.drain({ idleWaitMs: 0 })
    await idle.until(/answer[\s\S]*answer/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a request in hand is finished, however long it takes, and its response says close', async () => {
    const worker = await start(patient)
    const port = await worker.port()
    const client = await rawClient(port)
    client.write(get('/slow?1'))
    await worker.line(/begun 1/)
    const other = await rawClient(port)
    other.write(get())
    await other.until(answer)
    await drain(worker)
    other.write(get('/go?1'))
    await client.until(/slow 1/)
    expect(client.received).toMatch(closing)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('pipelined requests in hand are all answered', async () => {
    const worker = await start(patient)
    const port = await worker.port()
    const client = await rawClient(port)
    const other = await rawClient(port)
    other.write(get())
    await other.until(answer)
    client.write(get('/slow?1') + get('/slow?2') + get('/slow?3'))
    await worker.line(/begun 3/)
    await drain(worker)
    other.write(get('/go?3') + get('/go?1') + get('/go?2'))
    await client.until(/slow 1[\s\S]*slow 2[\s\S]*slow 3/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a request pipelined during the drain behind one in hand is answered too', async () => {
    const worker = await start(patient)
    const port = await worker.port()
    const client = await rawClient(port)
    const other = await rawClient(port)
    other.write(get())
    await other.until(answer)
    client.write(get('/slow?1'))
    await worker.line(/begun 1/)
    await drain(worker)
    client.write(get('/slow?2'))
    await worker.line(/begun 2/)
    other.write(`${get('/go?1')}${get('/go?2')}`)
    await client.until(/slow 1[\s\S]*slow 2/)
    expect(client.received.match(/Connection: close/gi)).toHaveLength(1)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a slow upload is taken to its end', async () => {
    const source = `${announce}
      require('http').createServer((req, res) => {
        let bytes = 0
        console.log('begun')
        req.on('data', (chunk) => { bytes += chunk.length }).on('end', () => res.end('bytes ' + bytes))
      }).listen(0)`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 20\r\n\r\n0123456789')
    await worker.line(/begun/)
    await drain(worker, { idleWaitMs: 0 })
    client.write('0123456789')
    await client.until(/bytes 20/)
    expect(client.received).toMatch(closing)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a streaming response is sent to its end', async () => {
    const source = `
      require('http').createServer((req, res) => {
        res.write('first ')
        globalThis[Symbol.for('resil.agent')].onDrain(() => { console.log('draining'); setTimeout(() => res.end('last'), 300) })
      }).listen(0)`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(/first/)
    await drain(worker, { idleWaitMs: 0 })
    // Its headers are out: the connection is kept, and closed when it is idle.
    await client.until(/last\r\n0\r\n\r\n$/)
    expect(await client.closed).toBe('end')
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a response that never ends is cut off just before the deadline', async () => {
    const source = `${announce} require('http').createServer((req, res) => res.write('data: 1\\n\\n')).listen(0)`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(/data: 1/)
    const begun = performance.now()
    await drain(worker, { deadlineMs: 1_000, idleWaitMs: 100 })
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
    expect(performance.now() - begun).toBeGreaterThan(890)
    expect(await client.closed).toBe('end')
  })

  it.each([
    ['by setHeader', "res.setHeader('Connection', 'keep-alive'); res.end('answer')"],
    ['in an object', "res.writeHead(200, 'OK', { connection: 'Keep-Alive' }); res.end('answer')"],
    ['in a list', "res.writeHead(200, ['Connection', 'keep-alive']); res.end('answer')"],
    ['in a list of pairs', "res.writeHead(200, [['Connection', 'keep-alive']]); res.end('answer')"],
  ])('an app that says keep-alive itself, %s, is overruled', async (_how, respond) => {
    const worker = await start(`${announce} require('http').createServer((req, res) => { ${respond} }).listen(0)`)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(/connection: keep-alive[\s\S]*answer/i)
    await drain(worker)
    client.write(get())
    await client.until(closing)
    expect(await client.closed).toBe('end')
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a server that listens only during the drain is closed again', async () => {
    const source = `globalThis[Symbol.for('resil.agent')].onDrain(() => {
        const late = require('http').createServer(() => {}).listen(0, () => console.log('late'))
        return new Promise((done) => late.on('close', () => { console.log('closed'); done() }))
      })
      require('http').createServer(() => {}).listen(0)`
    const worker = await start(source)
    await worker.port()
    worker.drain()
    await worker.line(/late/)
    await worker.line(/closed/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it("the app's own close() during the drain does not cut off idle connections", async () => {
    const source = `
      const server = require('http').createServer((req, res) => res.end('answer')).listen(0)
      globalThis[Symbol.for('resil.agent')].onDrain(() => { server.close((e) => console.log('closed', e)); console.log('draining') })`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(answer)
    await drain(worker)
    client.write(get())
    await client.until(closing)
    await worker.line(/closed undefined/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })
})
