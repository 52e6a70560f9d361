// Who gets which connection, on a real cluster: rotation, stickiness, and probes of one worker.

import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import type { WorkerUnderTest } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { type RawClient, rawClient, get as request } from '../support/raw-client.ts'
import { freePort, get } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

const answersPid = (listen: string, options = '') =>
  `require('http').createServer((req, res) => res.end(String(process.pid))).listen(${listen}${options})`

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const started: WorkerUnderTest[] = []

  beforeEach(() => bench.cluster.order({ do: 'door' }))
  afterEach(async () => {
    for (const worker of started.splice(0)) if (worker.seen('exit').length === 0) await worker.end()
  })

  async function run(source: string, slot: number, sticky = false): Promise<WorkerUnderTest> {
    const worker = await bench.start(source, { app: 'shop', slot, sticky })
    started.push(worker)
    await worker.listening()
    return worker
  }

  async function several(count: number, source: string, sticky = false): Promise<WorkerUnderTest[]> {
    const workers: WorkerUnderTest[] = []
    for (let slot = 0; slot < count; slot += 1) workers.push(await run(source, slot, sticky))
    return workers
  }

  async function pids(port: number, requests: number): Promise<number[]> {
    return (await Promise.all(Array.from({ length: requests }, () => get(port)))).map(Number)
  }

  /** The pid of who answers it at last. */
  async function answerTo(client: RawClient): Promise<number> {
    client.write(request('/', 'Connection: close\r\n'))
    await client.closed
    return Number(/\d+$/.exec(client.received)?.[0])
  }

  const one = (workers: readonly WorkerUnderTest[], index: number) => workers[index] as WorkerUnderTest

  it('a worker out of rotation gets no new connections and keeps the ones it has', async () => {
    const port = await freePort()
    const sick = await run(answersPid(String(port)), 1)
    const kept = await rawClient(port)
    kept.write(request())
    await kept.until(new RegExp(`\\D${sick.pid}$`))
    const others = [await run(answersPid(String(port)), 0), await run(answersPid(String(port)), 2)]
    sick.rotate(false)
    await bench.cluster.count()
    expect(new Set(await pids(port, 60))).toEqual(new Set(others.map(({ pid }) => pid)))
    kept.write(request())
    await kept.until(new RegExp(`\\D${sick.pid}[^]+\\D${sick.pid}$`))
    kept.end()
    sick.rotate(true)
    await bench.cluster.count()
    expect(await pids(port, 60)).toContain(sick.pid)
  })

  it('connections that wait in Node for a worker that goes out of rotation are given to the others', async () => {
    const port = await freePort()
    const flag = `${tempDir()}/go-on`
    const busy = `require('http').createServer((req, res) => {
        if (req.url === '/busy') {
          console.log('busy')
          while (!require('fs').existsSync(${JSON.stringify(flag)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        }
        res.end(String(process.pid))
      }).listen(${port})`
    const workers = await several(2, busy)
    const blocked = [get(port, '/busy'), get(port, '/busy')]
    for (const worker of workers) await worker.line(/busy/)
    const waiting = await Promise.all(Array.from({ length: 30 }, () => rawClient(port)))
    // The primary accepts one in each turn of its event loop.
    for (const _ of waiting) await bench.cluster.count()
    one(workers, 0).rotate(false)
    await bench.cluster.count()
    writeFileSync(flag, '')
    const answered = await Promise.all(waiting.map(answerTo))
    // The one that Node had sent it before.
    expect(answered.filter((pid) => pid === one(workers, 0).pid).length).toBeLessThanOrEqual(1)
    await Promise.all(blocked)
  })

  it('when all are out of rotation everybody counts as in', async () => {
    const port = await freePort()
    const workers = await several(2, answersPid(String(port)))
    for (const worker of workers) worker.rotate(false)
    await bench.cluster.count()
    expect(new Set(await pids(port, 40))).toEqual(new Set(workers.map(({ pid }) => pid)))
  })

  it('what the chosen worker refuses another one gets', async () => {
    const port = await freePort()
    const full = `const server = require('http').createServer((req, res) => res.end(String(process.pid)))
      server.maxConnections = 1
      server.listen(${port})`
    const workers = [await run(full, 0), await run(answersPid(String(port)), 1), await run(answersPid(String(port)), 2)]
    one(workers, 2).rotate(false)
    await bench.cluster.count()
    const holders = Array.from({ length: 6 }, () => connect(port, '127.0.0.1'))
    const answered = await pids(port, 20)
    expect(answered).toHaveLength(20)
    expect(answered).not.toContain(one(workers, 2).pid)
    for (const socket of holders) socket.destroy()
  })

  it('a chosen worker that dies loses nothing that it had not taken, and no descriptor is left', async () => {
    const port = await freePort()
    const blocks = `require('http').createServer((req, res) => {
        if (req.url === '/block') for (console.log('blocked'); ; );
        res.end(String(process.pid))
      }).listen(${port})`
    const workers = await several(3, blocks)
    one(workers, 2).rotate(false)
    const { fds } = await bench.cluster.count()
    const lost = get(port, '/block').catch(() => 'lost')
    const blocked = await Promise.any(workers.map((worker) => worker.line(/blocked/).then(() => worker)))
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(port)))
    const answers = clients.map(answerTo)
    // The primary accepts one in each turn of its event loop, and the blocked one gets its share, unanswered.
    for (const _ of clients) await bench.cluster.count()
    blocked.kill('SIGKILL')
    expect(await lost).toBe('lost')
    const answered = await Promise.all(answers)
    expect(answered).not.toContain(blocked.pid)
    expect(answered).not.toContain(one(workers, 2).pid)
    await blocked.exit()
    // The dead worker's own pipes and channel are gone too.
    expect((await bench.cluster.count()).fds).toBeLessThanOrEqual(fds)
  })

  it.each([
    ['all addresses', (port: number) => String(port)],
    ['all IPv4 addresses', (port: number) => `${port}, '0.0.0.0'`],
    ['IPv6 only', (port: number) => `{ port: ${port}, host: '::', ipv6Only: true }`],
    ['one address', (port: number) => `${port}, '127.0.0.2'`],
    ['a Unix socket', () => JSON.stringify(`${tempDir()}/app.sock`)],
  ])('one worker can be probed on %s', async (_where, listen) => {
    const workers = await several(3, answersPid(listen(await freePort())))
    for (const worker of workers) {
      for (let i = 0; i < 3; i += 1)
        expect(await worker.probe()).toMatch(new RegExp(`^HTTP/1.1 200 OK[^]*\\D${worker.pid}$`))
    }
  })

  it('any free port can be probed by the number that it became', async () => {
    const worker = await run(answersPid('0'), 0)
    const endpoint = String(await worker.port())
    expect(await worker.probe({ endpoint })).toContain('200 OK')
    expect(await worker.probe({ endpoint: '1' })).toBe('not-serving: port 1 is not listened on')
  })

  it('a probe tells a server that was closed, a full one, a blocked one and a dead one apart', async () => {
    const [first, second, third] = [await freePort(), await freePort(), await freePort()]
    const closing = await run(
      `const server = require('http').createServer((req, res) => res.end('last', () => server.close(() => console.log('closed'))))
       server.listen(${first})
       setInterval(() => {}, 1000)`,
      0,
    )
    expect(await closing.probe()).toContain('last')
    await closing.line(/closed/)
    expect(await closing.probe()).toBe('not-serving: it listens on nothing')
    const full = await run(
      `const server = require('http').createServer().listen(${second})
       server.maxConnections = 1
       server.on('listening', () => require('net').connect(${second}))
       server.on('connection', () => console.log('full'))`,
      1,
    )
    await full.line(/full/)
    expect(await full.probe()).toBe(`refused: the worker refused a connection on port ${second}`)
    const blocked = await run(
      `require('http').createServer().listen(${third}, () => setTimeout(() => { console.log('blocked'); for (;;); }, 50))`,
      2,
    )
    await blocked.line(/blocked/)
    const tooLate = `timed-out: no connection was taken on port ${third} within 300 ms: the event loop is busy or blocked`
    expect(await blocked.probe({ timeoutMs: 300 })).toBe(tooLate)
    const dying = blocked.probe({ timeoutMs: 20_000 })
    blocked.kill('SIGKILL')
    expect(await dying).toBe(`gone: the worker ended before it took a connection on port ${third}`)
    expect(await blocked.probe()).toBe('not-serving: it listens on nothing')
  })

  it('probes leave no descriptor behind', async () => {
    const worker = await run(answersPid('0'), 0)
    await worker.probe()
    const { fds } = await bench.cluster.count()
    for (let i = 0; i < 20; i += 1) await worker.probe()
    expect((await bench.cluster.count()).fds).toBeLessThanOrEqual(fds)
  })

  it('a worker out of rotation can be probed', async () => {
    const port = await freePort()
    const workers = await several(2, answersPid(String(port)))
    one(workers, 0).rotate(false)
    expect(await one(workers, 0).probe()).toContain(String(one(workers, 0).pid))
  })

  it('a sticky client gets the same worker each time, and its slot after a crash', async () => {
    const port = await freePort()
    const source = answersPid(String(port))
    const workers = await several(4, source, true)
    const first = new Set(await pids(port, 20))
    expect(first.size).toBe(1)
    const mine = workers.findIndex(({ pid }) => first.has(pid))
    const old = one(workers, mine)
    old.kill('SIGKILL')
    await old.exit()
    const meanwhile = new Set(await pids(port, 20))
    expect(meanwhile.size).toBe(1)
    const next = await run(source, mine, true)
    expect(new Set(await pids(port, 20))).toEqual(new Set([next.pid]))
  })
})

describe.each(nodesUnderTest)('on Node $version, where the kernel gives connections out', ({ path }) => {
  const bench = agentBench(path, { NODE_CLUSTER_SCHED_POLICY: 'none' })

  it('one worker can be probed all the same', async () => {
    bench.cluster.order({ do: 'door' })
    const source = answersPid(String(await freePort()))
    for (const slot of [0, 1, 2]) {
      const worker = await bench.start(source, { app: 'shop', slot })
      await worker.listening()
      expect(await worker.probe()).toContain(String(worker.pid))
    }
  })
})
