// What is not plain HTTP, at the moment when the drain begins: WebSockets and other upgrades, raw TCP, TLS, HTTP/2.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { agentBench, announceAndWaitFor } from '../support/agent-bench.ts'
import type { WorkerUnderTest } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { get, rawClient, rawTlsClient, tlsOptions, tlsSocket } from '../support/raw-client.ts'
import { tempDir } from '../support/temp-dir.ts'

const announce = "globalThis[Symbol.for('resil.agent')].onDrain(() => console.log('draining'));"
const upgrade = get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
const GOING_AWAY = '\x88\x02\x03\xe9'

/** Accepts every upgrade at once, and hangs up when the client sends a frame, as a library does on a close frame. */
const websockets = (server: string) => `${announce}
  ${server}.on('upgrade', (req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n')
    socket.on('data', () => socket.end())
  }).listen(0)`

/** Nothing ends because time is up, unless a test is about that. */
const patiently = { idleWaitMs: 60_000, deadlineMs: 120_000 }

async function drain(worker: WorkerUnderTest, options: Parameters<WorkerUnderTest['drain']>[0] = {}): Promise<void> {
  worker.drain({ ...patiently, ...options })
  await worker.line(/^draining$/)
}

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const { start } = agentBench(path)

  describe.each([
    ['plain', "require('http').createServer()", rawClient],
    ['over TLS', `require('https').createServer(${tlsOptions})`, rawTlsClient],
  ] as const)('a WebSocket, %s,', (_how, server, connect) => {
    it('is told to go, and the worker ends when it went', async () => {
      const worker = await start(websockets(server))
      const client = await connect(await worker.port())
      client.write(upgrade)
      await client.until(/101[\s\S]*\r\n\r\n/)
      await drain(worker)
      await client.until(/\x88/)
      expect(client.received.endsWith(`\r\n\r\n${GOING_AWAY}`)).toBe(true)
      client.write('\x88\x80abcd')
      expect(await client.closed).toBe('end')
      expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
    })

    it('is hung up on when it stays', async () => {
      const worker = await start(websockets(server))
      const client = await connect(await worker.port())
      client.write(upgrade)
      await client.until(/101[\s\S]*\r\n\r\n/)
      await drain(worker, { idleWaitMs: 300 })
      expect(await client.closed).toBe('end')
      expect(client.received.endsWith(GOING_AWAY)).toBe(true)
      expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
    })
  })

  it('a WebSocket that the app has not accepted yet is told after that', async () => {
    const source = `${announce}
      require('http').createServer().on('upgrade', (req, socket) => {
        console.log('asked')
        process.once('SIGUSR2', () => socket.write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n'))
      }).listen(0)`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write(upgrade)
    await worker.line(/asked/)
    await drain(worker, { idleWaitMs: 200 })
    expect(client.received).toBe('')
    worker.kill('SIGUSR2')
    expect(await client.closed).toBe('end')
    expect(client.received).toBe(`HTTP/1.1 101 Switching Protocols\r\n\r\n${GOING_AWAY}`)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('another upgraded protocol, and raw TCP, are left alone until they end', async () => {
    const source = `${announce}
      const echo = (socket) => socket.on('data', (data) => socket.write(data)).on('end', () => socket.end())
      require('http').createServer().on('upgrade', (req, socket) => { socket.write('101'); echo(socket) }).listen(0)
      require('net').createServer(echo).listen(0)`
    const worker = await start(source)
    const upgraded = await rawClient(await worker.port())
    const first = await worker.port()
    const raw = await rawClient((await worker.listening((port) => port !== first)).port)
    upgraded.write(get('/', 'Connection: Upgrade\r\nUpgrade: telnet\r\n'))
    raw.write('hello')
    await upgraded.until(/101/)
    await raw.until(/hello/)
    await drain(worker, { idleWaitMs: 0 })
    raw.write('still there?')
    upgraded.write('and you?')
    await raw.until(/there/)
    await upgraded.until(/you/)
    raw.end()
    upgraded.end()
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('raw TCP that never ends is cut off just before the deadline', async () => {
    const worker = await start(`${announce} require('net').createServer((s) => s.write('220 hello')).listen(0)`)
    const client = await rawClient(await worker.port())
    await client.until(/220/)
    const begun = performance.now()
    await drain(worker, { deadlineMs: 1_000 })
    expect(await client.closed).toBe('end')
    expect(performance.now() - begun).toBeGreaterThan(890)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('https: requests in hand and idle connections fare as with http, spare ones are closed', async () => {
    const source = `${announce}
      require('https').createServer(${tlsOptions}, (req, res) => {
        if (req.url !== '/slow') return res.end('answer')
        console.log('begun')
        process.once('SIGUSR2', () => res.end('slow'))
      }).listen(0)`
    const worker = await start(source)
    const port = await worker.port()
    const [busy, idle, spare] = await Promise.all([rawTlsClient(port), rawTlsClient(port), rawTlsClient(port)])
    idle.write(get())
    await idle.until(/answer/)
    busy.write(get('/slow'))
    await worker.line(/begun/)
    const begun = performance.now()
    await drain(worker)
    worker.kill('SIGUSR2')
    await busy.until(/Connection: close[\s\S]*slow/)
    expect(await spare.closed).toBe('end')
    expect(performance.now() - begun).toBeGreaterThan(490)
    idle.write(get())
    await idle.until(/Connection: close/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it.each([
    ['plain', "require('http2').createServer()", (port: number) => connectHttp2(`http://127.0.0.1:${port}`)],
    [
      'over TLS',
      `require('http2').createSecureServer({ ALPNProtocols: ['h2'], ...${tlsOptions} })`,
      (port: number) => connectHttp2(`https://127.0.0.1:${port}`, { createConnection: () => tlsSocket(port, ['h2']) }),
    ],
  ] as const)(
    'http2, %s: streams in hand are finished, one begun meanwhile is answered or may be sent elsewhere',
    async (_how, server, connect) => {
      const source = `${announce}
      ${server}.on('stream', (stream, headers) => {
        stream.respond({ ':status': 200 })
        if (headers[':path'] !== '/slow') return stream.end('answer')
        console.log('begun')
        process.once('SIGUSR2', () => stream.end('slow'))
      }).listen(0)`
      const worker = await start(source)
      const session = connect(await worker.port())
      const ended = once(session, 'close')
      const slow = ask(session, '/slow')
      await worker.line(/begun/)
      // Written in the same turn as the drain is ordered: the worker may read either first.
      const meanwhile = ask(session, '/meanwhile').catch((error: Error) => error.message)
      await drain(worker)
      expect(['answer', 'Stream closed with error code NGHTTP2_REFUSED_STREAM']).toContain(await meanwhile)
      worker.kill('SIGUSR2')
      expect(await slow).toBe('slow')
      await ended
      expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
    },
  )

  it('http2: the first request of a new connection is answered', async () => {
    const flag = `${tempDir()}/go-on`
    const source = `${announceAndWaitFor(flag)} require('http2').createServer((req, res) => res.end('answer')).listen(0)`
    const worker = await start(source)
    const session = connectHttp2(`http://127.0.0.1:${await worker.port()}`)
    await once(session, 'remoteSettings')
    await drain(worker)
    const answer = ask(session, '/')
    // It is in the kernel's hands by then.
    await new Promise((resolve) => setTimeout(resolve, 50))
    writeFileSync(flag, '')
    expect(await answer).toBe('answer')
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })
})

async function ask(session: ClientHttp2Session, path: string): Promise<string> {
  const stream = session.request({ ':path': path })
  let body = ''
  for await (const chunk of stream) body += chunk
  return body
}
