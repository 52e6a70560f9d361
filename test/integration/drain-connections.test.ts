// Each kind of connection at the moment of a reload, byte by byte, under the built CLI: what a client had in hand, it gets.
// What the agent does to each of them by itself is shown in test/agent/drain-*.test.ts.

import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { clientOf, get, rawClient } from '../support/raw-client.ts'
import { announce, type ReloadUnderTest, startReloadable } from '../support/reload-under-test.ts'
import { get as ask, fixture } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

/** Answers with its pid; /slow waits for SIGUSR2. Knows nothing of drains, but says when one begins. */
const respond = `
  (req, res) => {
    const answer = () => res.end('<' + req.url + ' ' + process.pid + '>')
    if (!req.url.startsWith('/slow')) return answer()
    process.once('SIGUSR2', answer)
    console.log('begun ' + req.url)
  }`
const http = `${announce} require('http').createServer(${respond}).listen(process.env.PORT)`
const tls = `{ key: fs.readFileSync('${fixture('tls/key.pem')}'), cert: fs.readFileSync('${fixture('tls/cert.pem')}') }`
const closing = /Connection: close/i

/** So that none of the silent and idle ones is closed before the test has looked. */
const patient = { idleWait: '10s' }

const tlsTo = (port: number, options: { session?: Buffer; ALPNProtocols?: string[] } = {}): TLSSocket =>
  connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })

/** The next connection is the new worker's. */
async function expectNewWorker({ port, pid }: ReloadUnderTest): Promise<void> {
  const answer = await ask(port, '/')
  expect(answer).toMatch(/^<\/ \d+>$/)
  expect(answer).not.toBe(`</ ${pid}>`)
}

describe.each(nodesUnderTest)('on Node $version', ({ path: node }) => {
  it('a connection that never spoke is closed, and one that speaks just then is answered', async () => {
    const app = await startReloadable(http, { node, ...patient })
    const [silent, late] = await Promise.all([rawClient(app.port), rawClient(app.port)])
    await app.drain()
    late.write(get('/late'))
    await late.until(new RegExp(`close[\\s\\S]*</late ${app.pid}>`, 'i'))
    expect(await silent.closed).toBe('end')
    expect(silent.received).toBe('')
    await expectNewWorker(app)
    await app.finish()
  })

  it('half a request head is waited for, idle connections end with their next request', async () => {
    const app = await startReloadable(http, { node, ...patient })
    const [half, idle] = await Promise.all([rawClient(app.port), rawClient(app.port)])
    const head = get('/half', 'X-Long: word\r\n')
    half.write(head.slice(0, 25))
    // Read by the worker for certain: a request that was sent after it has been answered.
    idle.write(get('/first'))
    await idle.until(/<\/first/)
    expect(idle.received).not.toMatch(closing)
    await app.drain()
    half.write(head.slice(25))
    idle.write(get('/second'))
    await half.until(new RegExp(`</half ${app.pid}>`))
    await idle.until(new RegExp(`</second ${app.pid}>`))
    for (const client of [half, idle]) {
      expect(client.received).toMatch(closing)
      expect(await client.closed).toBe('end')
    }
    await app.finish()
  })

  it('what lies in the kernel when the drain begins is answered: requests, and connections that nobody has taken', async () => {
    // Idle ones may be closed at once: only what has not arrived yet counts as idle.
    const app = await startReloadable(http, { node, idleWait: '0s' })
    const idle = await rawClient(app.port)
    idle.write(get('/first'))
    await idle.until(/<\/first/)
    process.kill(app.pid, 'SIGSTOP')
    idle.write(get('/buffered'))
    const untaken = await rawClient(app.port)
    untaken.write(get('/untaken'))
    await app.order()
    process.kill(app.pid, 'SIGCONT')
    await idle.until(new RegExp(`</buffered ${app.pid}>`))
    await untaken.until(/<\/untaken \d+>/)
    untaken.end()
    await app.finish()
  })

  it('pipelined requests in hand are all answered, in their order', async () => {
    const app = await startReloadable(http, { node, ...patient })
    const client = await rawClient(app.port)
    client.write(get('/slow?1') + get('/slow?2') + get('/slow?3'))
    await app.service.waitForLine('begun /slow?3')
    await app.drain()
    process.kill(app.pid, 'SIGUSR2')
    await client.until(/slow\?1[\s\S]*slow\?2[\s\S]*slow\?3/)
    client.end()
    await app.finish()
  })

  describe('an upload', () => {
    const source = `${announce} require('http').createServer((req, res) => {
      let bytes = 0
      console.log('begun')
      req.on('data', (chunk) => { bytes += chunk.length; console.log('got ' + bytes) })
      req.on('end', () => res.end('<bytes ' + bytes + '>'))
    }).listen(process.env.PORT)`

    it.each([
      ['of a stated length', 'Content-Length: 20\r\n', '0123456789', '0123456789'],
      ['in chunks', 'Transfer-Encoding: chunked\r\n', 'a\r\n0123456789\r\n', 'a\r\n0123456789\r\n0\r\n\r\n'],
    ])('%s is taken to its end', async (_how, headers, first, rest) => {
      const app = await startReloadable(source, { node, idleWait: '0s' })
      const client = await rawClient(app.port)
      client.write(get('/', headers).replace('GET', 'POST') + first)
      await app.service.waitForLine('got 10')
      await app.drain()
      client.write(rest)
      await client.until(/<bytes 20>/)
      expect(client.received).toMatch(closing)
      await app.finish()
    })

    it('that waits for 100 Continue may go on', async () => {
      const app = await startReloadable(source, { node, idleWait: '0s' })
      const client = await rawClient(app.port)
      client.write(get('/', 'Content-Length: 20\r\nExpect: 100-continue\r\n').replace('GET', 'POST'))
      await client.until(/100 Continue/)
      await app.drain()
      client.write('01234567890123456789')
      await client.until(/<bytes 20>/)
      await app.finish()
    })
  })

  it('a stream is sent to its end, and a long poll gets its answer', async () => {
    const source = `${announce} require('http').createServer((req, res) => {
      if (req.url === '/stream') res.write('first ')
      console.log('begun ' + req.url)
      process.once('SIGUSR2', () => res.end('last>'))
    }).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, idleWait: '0s' })
    const [stream, poll] = await Promise.all([rawClient(app.port), rawClient(app.port)])
    stream.write(get('/stream'))
    poll.write(get('/poll'))
    await stream.until(/first/)
    await app.service.waitForLine('begun /poll')
    await app.drain()
    process.kill(app.pid, 'SIGUSR2')
    await stream.until(/last>\r\n0\r\n\r\n$/)
    await poll.until(/Connection: close[\s\S]*last>$/i)
    await app.finish()
  })

  it('a reader that is slower than the app gets all of an answer that the app has already ended', async () => {
    const bytes = 30_000_000
    const source = `${announce} require('http').createServer((req, res) => {
      res.end(Buffer.alloc(${bytes}, 'x'))
      console.log('ended')
    }).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, idleWait: '0s' })
    const [client, silent] = await Promise.all([rawClient(app.port), rawClient(app.port)])
    client.socket.pause()
    client.write(get())
    await app.service.waitForLine('ended')
    await app.drain()
    // Whatever is taken for idle is closed together with it.
    expect(await silent.closed).toBe('end')
    client.socket.resume()
    expect(await client.closed).toBe('end')
    expect(client.received.length).toBeGreaterThan(bytes)
    await app.finish()
  })

  it('server-sent events go on until just before the deadline', async () => {
    const source = `${announce} require('http').createServer((req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      setInterval(() => res.write('data: ' + process.pid + '\\n\\n'), 20)
    }).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, deadline: '4s', idleWait: '0s' })
    const client = await rawClient(app.port)
    client.write(get())
    await client.until(/data: \d+\n\n/)
    await app.drain()
    const before = client.received.length
    expect(await client.closed).toBe('end')
    expect(client.received.length).toBeGreaterThan(before)
    await app.finish({ atDeadline: true })
  })

  it('server-sent events that the app ends in onDrain() are no reason to wait', async () => {
    const source = `require('http').createServer((req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: 1\\n\\n')
      globalThis[Symbol.for('resil.agent')].onDrain(() => { console.log('draining ' + process.pid); res.end('retry: 10\\n\\n') })
    }).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, deadline: '60s', idleWait: '0s' })
    const client = await rawClient(app.port)
    client.write(get())
    await client.until(/data: 1/)
    await app.drain()
    await client.until(/retry: 10\n\n\r\n0\r\n\r\n$/)
    await app.finish()
  })

  it('an upgraded WebSocket is told to go with 1001, and the next one is the new worker’s', async () => {
    const source = `${announce} require('http').createServer().on('upgrade', (req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n<' + process.pid + '>')
      socket.on('data', () => socket.end())
    }).listen(process.env.PORT)`
    const upgrade = get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
    const app = await startReloadable(source, { node, ...patient })
    const client = await rawClient(app.port)
    client.write(upgrade)
    await client.until(new RegExp(`<${app.pid}>`))
    await app.drain()
    await client.until(/\x88[\s\S]{3}$/)
    expect(client.received.endsWith('\x88\x02\x03\xe9')).toBe(true)
    const next = await rawClient(app.port)
    next.write(upgrade)
    await next.until(/<\d+>/)
    expect(next.received).not.toContain(`<${app.pid}>`)
    for (const each of [client, next]) {
      each.write('\x88\x80abcd')
      expect(await each.closed).toBe('end')
    }
    await app.finish()
  })

  it('a CONNECT tunnel is left alone until it ends', async () => {
    const source = `${announce} require('http').createServer().on('connect', (req, socket) => {
      socket.write('HTTP/1.1 200 Connection Established\\r\\n\\r\\n')
      socket.on('data', (data) => socket.write(data)).on('end', () => socket.end())
    }).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, idleWait: '0s' })
    const client = await rawClient(app.port)
    client.write('CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n')
    await client.until(/Established\r\n\r\n/)
    await app.drain()
    client.write('through the tunnel')
    await client.until(/through the tunnel/)
    client.end()
    expect(await client.closed).toBe('end')
    await app.finish()
  })

  it('https: in hand, idle, in the middle of a handshake, and resumed from a session of the old worker', async () => {
    const source = `const fs = require('fs'); ${announce}
      require('https').createServer(${tls}, ${respond}).listen(process.env.PORT)`
    const app = await startReloadable(source, { node, ...patient })
    const handshake = await rawClient(app.port)
    const idleSocket = tlsTo(app.port)
    const session = once(idleSocket, 'session')
    const [busy, idle, silent] = await Promise.all([
      clientOf(tlsTo(app.port), 'secureConnect'),
      clientOf(idleSocket, 'secureConnect'),
      clientOf(tlsTo(app.port), 'secureConnect'),
    ])
    idle.write(get('/first'))
    await idle.until(/<\/first/)
    busy.write(get('/slow'))
    await app.service.waitForLine('begun /slow')
    await app.drain()
    idle.write(get('/second'))
    await idle.until(new RegExp(`close[\\s\\S]*</second ${app.pid}>`, 'i'))
    // Neither has sent a byte of HTTP.
    expect(await silent.closed).toBe('end')
    expect(await handshake.closed).toBe('end')
    process.kill(app.pid, 'SIGUSR2')
    await busy.until(new RegExp(`close[\\s\\S]*</slow ${app.pid}>`, 'i'))
    const resumed = await clientOf(tlsTo(app.port, { session: (await session)[0] as Buffer }), 'secureConnect')
    resumed.write(get('/resumed'))
    await resumed.until(/<\/resumed \d+>/)
    expect(resumed.received).not.toContain(`resumed ${app.pid}`)
    resumed.end()
    await app.finish()
  })

  it.each([
    ['over TLS', `createSecureServer(${tls}`, (port: number) => tlsTo(port, { ALPNProtocols: ['h2'] })],
    ['in the clear', 'createServer({}', null],
  ] as const)(
    'http2 %s: streams in hand are finished in both directions, and a new session is the new worker’s',
    async (_how, create, socketTo) => {
      const source = `const fs = require('fs'); ${announce} require('http2').${create}, (req, res) => {
        let bytes = 0
        req.on('data', (chunk) => { bytes += chunk.length; console.log('got ' + bytes) })
        req.on('end', () => {
          const answer = () => res.end('<' + req.url + ' ' + bytes + ' ' + process.pid + '>')
          if (req.url !== '/slow') return answer()
          res.write('first ')
          process.once('SIGUSR2', answer)
        })
      }).listen(process.env.PORT)`
      const app = await startReloadable(source, { node, idleWait: '0s' })
      const connect = () =>
        connectHttp2(
          `http${socketTo === null ? '' : 's'}://127.0.0.1:${app.port}`,
          socketTo === null ? {} : { createConnection: () => socketTo(app.port) },
        )
      const session = connect()
      const goaway = once(session, 'goaway')
      const upload = session.request({ ':path': '/upload', ':method': 'POST' })
      upload.write('0123456789')
      await app.service.waitForLine('got 10')
      const slow = session.request({ ':path': '/slow' })
      await once(slow, 'response')
      await app.drain()
      expect((await goaway)[0]).toBe(0)
      upload.end('0123456789')
      expect(await bodyOf(upload)).toBe(`</upload 20 ${app.pid}>`)
      process.kill(app.pid, 'SIGUSR2')
      expect(await bodyOf(slow)).toBe(`first </slow 0 ${app.pid}>`)
      const next = connect()
      const answer = await bodyOf(next.request({ ':path': '/next' }))
      expect(answer).toMatch(/^<\/next 0 \d+>$/)
      expect(answer).not.toContain(`${app.pid}`)
      await closed(next)
      await app.finish()
    },
  )
})

async function bodyOf(stream: AsyncIterable<unknown>): Promise<string> {
  let body = ''
  for await (const chunk of stream) body += chunk
  return body
}

function closed(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => session.close(resolve))
}
