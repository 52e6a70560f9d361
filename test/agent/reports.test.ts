// What the supervisor hears of a worker: loaded, ready, failed listens, and a beat a second.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { DURATION_BOUNDS_S } from '../../src/protocol/http-counts.ts'
import { AgentMessage, type Beat } from '../../src/protocol/worker-messages.ts'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { get, rawClient } from '../support/raw-client.ts'
import { tempDir } from '../support/temp-dir.ts'

const forever = 'setInterval(() => {}, 1e6);'
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

const fixtureOfStatuses = `require('http').createServer((req, res) => {
  if (req.url === '/never') return
  res.statusCode = Number(req.url.slice(1)) || 200
  res.setHeader('x-path', req.url)
  setTimeout(() => res.end(), req.url === '/slow' ? 100 : 0)
}).listen(0)`

describe.each(nodesUnderTest)('on Node $version', ({ path, stripsTypes, major }) => {
  const tellsOfHttp2 = major >= 22
  const bench = agentBench(path)
  const { start } = bench
  const order = (worker: Awaited<ReturnType<typeof start>>) => worker.seen('message').map(({ message }) => message)

  describe('loaded', () => {
    it.each([
      ['CommonJS', 'app.cjs', "setInterval(() => {}, 1e6); process.send('evaluated')", []],
      [
        'an ES module with a top-level await',
        'app.mjs',
        "setInterval(() => {}, 1e6); await new Promise((done) => setTimeout(done, 300)); process.send('evaluated')",
        [],
      ],
      [
        'an ES module of no declared kind',
        'app.js',
        "import 'node:fs'; setInterval(() => {}, 1e6); await new Promise((done) => setTimeout(done, 300)); process.send('evaluated')",
        [],
      ],
      ...(stripsTypes
        ? ([
            [
              'TypeScript',
              'app.mts',
              "const word: string = 'evaluated'; setInterval(() => {}, 1e6); process.send?.(word)",
              [],
            ],
          ] as const)
        : []),
      [
        'TypeScript through tsx',
        'app.mts',
        "setInterval(() => {}, 1e6); await new Promise((done) => setTimeout(done, 300)); process.send?.('evaluated' as string)",
        ['--import', tsx],
      ],
      [
        'CommonJS behind an import that takes its time',
        'app.cjs',
        "setInterval(() => {}, 1e6); process.send('evaluated')",
        ['--import', 'data:text/javascript,await new Promise((done) => setTimeout(done, 300))'],
      ],
    ] as const)('is said after %s was evaluated', async (_kind, name, source, execArgv) => {
      const worker = await start(source, { name, execArgv })
      await worker.said('loaded')
      expect(order(worker)).toEqual(['evaluated'])
    })

    it.each([
      ['app.cjs', 'throw new Error("at boot")'],
      ['app.mjs', 'await new Promise((done) => setTimeout(done, 100)); throw new Error("at boot")'],
      ['app.mjs', "import './missing.mjs'"],
    ])('is not said of an entry that throws (%s: %s)', async (name, source) => {
      const worker = await start(source, { name })
      expect(await worker.exit()).toMatchObject({ code: 1 })
      expect(worker.seen('said')).toEqual([])
    })
  })

  describe('a failed listen', () => {
    it('is reported before the app dies of it', async () => {
      const taken = createServer().listen(0)
      const { port } = taken.address() as AddressInfo
      const worker = await start(`require('http').createServer().listen(${port})`)
      const failed = await worker.said('listen-failed')
      expect(AgentMessage.parse(failed)).toMatchObject({ code: 'EADDRINUSE', port, address: null })
      expect(await worker.exit()).toMatchObject({ code: 1 })
      taken.close()
    })

    it('is reported also when the app takes it, with what there is of an address', async () => {
      const worker = await start(
        `${forever} require('net').createServer().on('error', () => {}).listen({ path: '/nonexistent/socket' })`,
      )
      expect(AgentMessage.parse(await worker.said('listen-failed'))).toMatchObject({
        port: null,
        address: '/nonexistent/socket',
      })
      await worker.end()
    })

    it('is not an error of a server that listens', async () => {
      const source = `const s = require('net').createServer().on('error', () => {})
        s.listen(0, () => s.emit('error', Object.assign(new Error(), { code: 'EMFILE', syscall: 'accept' })))`
      const worker = await start(source)
      await worker.said('beat')
      expect(worker.seen('said').map(({ act }) => act)).not.toContain('listen-failed')
      await worker.end()
    })
  })

  describe('the beat', () => {
    it('counts connections and requests, and is of the form that the supervisor expects', async () => {
      const worker = await start("require('http').createServer((req, res) => res.end('answer')).listen(0)")
      const port = await worker.port()
      const [first, second] = await Promise.all([rawClient(port), rawClient(port)])
      first.write(get() + get() + get())
      second.write(get())
      await first.until(/answer[\s\S]*answer[\s\S]*answer/)
      await second.until(/answer/)
      second.end()
      await second.closed
      const told = await worker.said('beat', ({ connections, requests }) => connections === 1 && requests === 4)
      const beat = AgentMessage.parse(told) as Beat
      expect(beat.heapUsed).toBeGreaterThan(1e6)
      expect(beat.utilization).toBeGreaterThanOrEqual(0)
      expect(beat.utilization).toBeLessThanOrEqual(1)
      first.end()
      await worker.end()
    })

    it('counts responses by class and duration, what was cut off, and what is in hand', async () => {
      const worker = await start(`${fixtureOfStatuses}`)
      const port = await worker.port()
      const client = await rawClient(port)
      for (const path of ['/200', '/204', '/302', '/404', '/503', '/slow']) {
        client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
        await client.until(new RegExp(`x-path: ${path}\r\n`))
      }
      const waiting = await rawClient(port)
      waiting.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n')
      const beatWith = async (accept: (http: NonNullable<Beat['http']>) => boolean) => {
        const message = await worker.said('beat', ({ http }) => http !== undefined && accept(http as never))
        return AgentMessage.parse(message) as Beat
      }
      const { http } = await beatWith(({ inHand, responses }) => inHand === 1 && responses[1] === 3)
      expect(http).toMatchObject({ responses: [0, 3, 1, 1, 1], aborted: 0 })
      expect(http?.durations.reduce((sum, n) => sum + n)).toBe(6)
      const past75Ms = DURATION_BOUNDS_S.indexOf(0.075) + 1
      // The others may have taken as long, on a machine that has more to do.
      expect(http?.durations.slice(past75Ms).reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(1)
      expect(http?.durationSumMs).toBeGreaterThanOrEqual(75)
      waiting.end()
      expect((await beatWith(({ aborted }) => aborted === 1)).http).toMatchObject({ inHand: 0 })
      client.end()
      await worker.end()
    })

    it('of HTTP/2 counts the same, where Node tells of it', async () => {
      const source = `const server = require('http2').createServer((req, res) => { res.writeHead(404); res.end('x') })
        server.listen(0)`
      const worker = await start(source)
      const session = connect(`http://127.0.0.1:${await worker.port()}`)
      const stream = session.request({ ':path': '/' })
      stream.resume()
      await once(stream, 'close')
      const beat = AgentMessage.parse(await worker.said('beat', ({ requests }) => requests === 1)) as Beat
      expect(beat.http?.responses ?? [0, 0, 0, 0, 0]).toEqual([0, 0, 0, tellsOfHttp2 ? 1 : 0, 0])
      session.close()
      await worker.end()
    })

    it('says nothing of HTTP while nothing of it changes, and a last word before bye', async () => {
      const worker = await start("require('http').createServer((req, res) => res.end('answer')).listen(0)")
      const port = await worker.port()
      await worker.said('beat', ({ http }) => http !== undefined)
      await worker.said('beat', ({ http }) => http === undefined)
      const client = await rawClient(port)
      client.write(get())
      await client.until(/answer/)
      client.end()
      worker.drain({ deadlineMs: 5_000 })
      await worker.exit()
      const said = worker.seen('said').filter(({ act }) => act === 'beat' || act === 'bye')
      expect(said.at(-1)?.act).toBe('bye')
      const last = said.filter(({ message }) => message.http !== undefined).at(-1)
      expect(last?.message).toMatchObject({ requests: 1, http: { responses: [0, 1, 0, 0, 0] } })
    })

    it('tells a loop that is blocked now and then from one that is not', async () => {
      const idle = await start(forever)
      const busy = await start('setInterval(() => { const end = Date.now() + 250; while (Date.now() < end); }, 300)')
      // Not in each beat: a loop that gets no CPU seems blocked, and one that gets none for its pauses seems to rest.
      const is = (fits: (beat: Beat) => boolean) => (message: Record<string, unknown>) => fits(message as never)
      await Promise.all([
        idle.said(
          'beat',
          is(({ utilization, delayP99Ms }) => utilization < 0.5 && delayP99Ms < 100),
        ),
        busy.said(
          'beat',
          is(({ utilization, delayP99Ms }) => utilization > 0.5 && delayP99Ms > 120),
        ),
      ])
      await idle.end()
      await busy.end()
    })

    it('does no harm when the app has closed the channel', async () => {
      const source = `const { worker } = require('cluster')
        worker.exitedAfterDisconnect = true; process.disconnect(); setTimeout(() => process.exit(4), 1_500)
        process.on('error', () => process.exit(9))`
      const worker = await start(source)
      expect(await worker.exit()).toMatchObject({ code: 4 })
    })
  })

  describe('resil/worker', () => {
    const app = async (source: string, name = 'app.mjs') => {
      const dir = tempDir({ [name]: source })
      // Next to the app, as an installed package would be.
      await build({
        entryPoints: ['src/worker.ts'],
        outfile: `${dir}/node_modules/resil/worker.mjs`,
        bundle: true,
        format: 'esm',
        platform: 'node',
        logLevel: 'warning',
      })
      return bench.cluster.fork(`${dir}/${name}`, { agent: bench.agent })
    }
    const header = "import { draining, isDraining, onDrain, ready, supervised } from './node_modules/resil/worker.mjs';"

    it('ready() is heard', async () => {
      const worker = await app(`${header} console.log(supervised, ready())`)
      await worker.line(/^true true$/)
      await worker.said('ready')
      expect(await worker.exit()).toMatchObject({ code: 0 })
    })

    it('onDrain() is awaited, unless it was taken back', async () => {
      const worker = await app(`${header} setInterval(() => {}, 1e6)
        onDrain(() => console.log('taken back'))()
        onDrain(async (drain) => {
          console.log('begin', draining, isDraining(), JSON.stringify(drain))
          onDrain(() => console.log('late'))
          await new Promise((done) => setTimeout(done, 300))
          console.log('end')
        })
        process.on('SIGTERM', () => { console.log('signal'); process.exit() })
        console.log('draining', draining, isDraining())`)
      await worker.line(/^draining false false$/)
      worker.drain({ deadlineMs: 20_000 })
      // Its exit may be known before its last words are read.
      await worker.line(/^signal$/)
      await worker.exit()
      expect(worker.seen('output').map(({ line }) => line)).toEqual([
        'draining false false',
        'begin true true {"deadlineMs":20000,"signal":"SIGTERM"}',
        'late',
        'end',
        'signal',
      ])
    })

    it('an onDrain() that fails is a warning, and one that hangs is left at the deadline', async () => {
      const worker = await app(`${header} setInterval(() => {}, 1e6)
        onDrain(() => { throw new Error('no broker') })
        onDrain(() => new Promise(() => {}))
        process.on('SIGTERM', () => process.exit(6))
        console.log('up')`)
      await worker.line(/up/)
      worker.drain({ deadlineMs: 500 })
      await worker.line(/RESIL_ON_DRAIN.*no broker/)
      expect(await worker.exit()).toMatchObject({ code: 6 })
    })

    it('onDrain() takes functions only', async () => {
      const worker = await app(`${header} try { onDrain('x') } catch (error) { console.log(String(error)) }`)
      expect(await worker.line(/./)).toBe('TypeError: onDrain(listener): listener must be a function, not "x"')
      await worker.exit()
    })
  })
})
