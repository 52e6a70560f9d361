// Workers that accept for themselves, on sockets that the supervisor keeps: no queue is reset, no port is refused.

import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import type { WorkerUnderTest } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { rawClient, get as request, tlsOptions } from '../support/raw-client.ts'
import { freePort, get } from '../support/service.ts'

const canReusePort = nodesUnderTest.filter(({ major, minor }) => major > 22 || (major === 22 && minor >= 12))

const answersPid = (port: number | string) =>
  `require('http').createServer((req, res) => {
    if (req.url === '/block') for (console.log('blocked'); ; );
    res.end(String(process.pid))
  }).listen(${port})`

const kinds = [
  ...nodesUnderTest.map((node) => ({
    ...node,
    kind: 'one socket for all',
    reusePort: false,
    env: { NODE_CLUSTER_SCHED_POLICY: 'none' },
  })),
  ...canReusePort.map((node) => ({ ...node, kind: 'a socket for each slot', reusePort: true, env: {} })),
]

describe.each(kinds)('on Node $version, with $kind', ({ path, reusePort, env }) => {
  const bench = agentBench(path, env as Record<string, string>)
  const started: WorkerUnderTest[] = []
  const clients: Socket[] = []

  beforeEach(() => bench.cluster.order({ do: 'door' }))
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    for (const worker of started.splice(0)) if (worker.seen('exit').length === 0) await worker.end()
  })

  async function run(source: string, slot: number, app = 'shop'): Promise<WorkerUnderTest> {
    const worker = await bench.start(source, { app, slot, reusePort })
    started.push(worker)
    return worker
  }

  async function listening(source: string, slot: number): Promise<WorkerUnderTest> {
    const worker = await run(source, slot)
    await worker.listening()
    return worker
  }

  async function pids(port: number, requests: number): Promise<number[]> {
    return (await Promise.all(Array.from({ length: requests }, () => get(port)))).map(Number)
  }

  /** Connects `count` clients whose requests nobody answers yet. Resolves with what each will have got at its end. */
  async function waiting(port: number, count: number): Promise<Promise<string>[]> {
    const raw = await Promise.all(Array.from({ length: count }, () => rawClient(port)))
    return raw.map(async (client) => {
      clients.push(client.socket)
      client.write(request('/', 'Connection: close\r\n'))
      const how = await client.closed
      return how === 'end' ? (/\d+$/.exec(client.received)?.[0] ?? 'nothing') : how
    })
  }

  it('several workers listen on one port and all answer', async () => {
    const port = await freePort()
    const workers = [await listening(answersPid(port), 0), await listening(answersPid(port), 1)]
    const answered = await pids(port, 40)
    for (const pid of answered) expect(workers.map((worker) => worker.pid)).toContain(pid)
    if (reusePort) expect(new Set(answered).size).toBe(2)
  })

  it('any free port is the same one for all workers', async () => {
    const first = await (await listening(answersPid(0), 0)).port()
    expect(await (await listening(answersPid(0), 1)).port()).toBe(first)
  })

  it('what waits in the queue of a worker that is killed is answered by another', async () => {
    const port = await freePort()
    const victim = await listening(answersPid(port), 0)
    const lost = get(port, '/block').catch(() => 'lost')
    await victim.line(/blocked/)
    const queued = await waiting(port, 20)
    const other = await run(answersPid(port), 1)
    if (reusePort) await other.listening()
    victim.kill('SIGKILL')
    expect(await lost).toBe('lost')
    await victim.exit()
    for (const answer of await Promise.all(queued)) expect(answer).toBe(String(other.pid))
  })

  it('with no worker left, connections wait for the next one', async () => {
    const port = await freePort()
    const first = await listening(answersPid(port), 0)
    first.kill('SIGKILL')
    await first.exit()
    const queued = await waiting(port, 20)
    // The supervisor accepts one in each turn of its event loop.
    while ((await bench.cluster.count()).counts?.waiting !== 20);
    const next = await listening(answersPid(port), 0)
    for (const answer of await Promise.all(queued)) expect(answer).toBe(String(next.pid))
    expect(new Set(await pids(port, 10))).toEqual(new Set([next.pid]))
  })

  it('after a crash the supervisor leaves the accepting to the replacement again, crash after crash', async () => {
    const port = await freePort()
    let worker = await listening(answersPid(port), 0)
    for (let crash = 0; crash < 3; crash += 1) {
      worker.kill('SIGKILL')
      await worker.exit()
      worker = await listening(answersPid(port), 0)
      await worker.said('socket')
      expect(await pids(port, 5)).toEqual(Array(5).fill(worker.pid))
      // Nobody but the supervisor could accept this one.
      const { fds } = await bench.cluster.count()
      worker.kill('SIGSTOP')
      const [answer] = await waiting(port, 1)
      const { fds: then } = await bench.cluster.count()
      worker.kill('SIGCONT')
      expect(await answer).toBe(String(worker.pid))
      expect(then).toBe(fds)
    }
  })

  it('a worker that drains while the next one of its slot is there resets nobody', async () => {
    const port = await freePort()
    const old = await listening(answersPid(port), 0)
    const asking = { on: true, lost: 0, answered: 0 }
    const load = Array.from({ length: 8 }, async () => {
      while (asking.on) {
        await get(port).then(
          () => (asking.answered += 1),
          () => (asking.lost += 1),
        )
      }
    })
    let current = old
    for (let reload = 0; reload < 3; reload += 1) {
      const next = await listening(answersPid(port), 0)
      current.drain()
      await current.exit()
      current = next
    }
    asking.on = false
    await Promise.all(load)
    expect(asking.lost).toBe(0)
    expect(asking.answered).toBeGreaterThan(10)
  })

  it('another app, or another program, is told that the port is in use, in whichever order they come', async () => {
    const port = await freePort()
    const first = await listening(answersPid(port), 0)
    const other = await run(answersPid(port), 0, 'blog')
    expect(await other.said('listen-failed')).toMatchObject({ code: 'EADDRINUSE', port })
    const taken = await new Promise((resolve) => {
      createServer()
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .listen(port)
    })
    expect(taken).toBe('EADDRINUSE')
    await first.end()
    const program = createServer()
    const ours = await freePort()
    await new Promise<void>((resolve) => program.listen(ours, resolve))
    const late = await run(answersPid(ours), 0)
    expect(await late.said('listen-failed')).toMatchObject({ code: 'EADDRINUSE', port: ours })
    program.close()
  })

  it('one worker can be probed', async () => {
    const port = await freePort()
    for (const slot of [0, 1, 2]) {
      const worker = await listening(answersPid(port), slot)
      expect(await worker.probe()).toContain(String(worker.pid))
    }
  })

  it('TLS servers of all workers share the keys of their tickets, so that sessions are resumed at any of them', async () => {
    const port = await freePort()
    const source = `const server = require('tls').createServer(${tlsOptions})
      server.listen(${port}, () => console.log('keys', server.getTicketKeys().toString('hex')))`
    const [first, second] = [await run(source, 0), await run(source, 1)]
    expect(await second.line(/^keys/)).toBe(await first.line(/^keys/))
  })

  it('a second server of one worker on its port is told so', async () => {
    const port = await freePort()
    const worker = await run(
      `const { createServer } = require('http')
       createServer().listen(${port}, () => createServer().on('error', ({ code }) => console.log(code)).listen(${port}))`,
      0,
    )
    await worker.line(/^EADDRINUSE$/)
  })

  it('no descriptor is left when workers come and go', async () => {
    const port = await freePort()
    let worker = await listening(answersPid(port), 0)
    const { fds } = await bench.cluster.count()
    for (let crash = 0; crash < 5; crash += 1) {
      worker.kill('SIGKILL')
      await worker.exit()
      worker = await listening(answersPid(port), 0)
      await worker.said('socket')
    }
    await pids(port, 5)
    expect((await bench.cluster.count()).fds).toBeLessThanOrEqual(fds)
  })

  it('UDP, Unix sockets and descriptors stay with Node', async () => {
    const worker = await run(`require('dgram').createSocket('udp4').bind(0, '127.0.0.1')`, 0)
    await worker.listening(() => true)
  })
})

describe.each(canReusePort)('on Node $version, with a socket for each slot', ({ path }) => {
  const bench = agentBench(path)

  it('a slot that is given up hands its queue to the others and closes its socket', async () => {
    bench.cluster.order({ do: 'door' })
    const port = await freePort()
    const stays = await bench.start(answersPid(port), { app: 'shop', slot: 0, reusePort: true })
    await stays.listening()
    const goes = await bench.start(answersPid(port), { app: 'shop', slot: 1, reusePort: true })
    await goes.listening()
    const { fds } = await bench.cluster.count()
    bench.cluster.order({ do: 'drop-slot', slot: 1 })
    goes.drain()
    const answers = []
    for (let i = 0; i < 200; i += 1) answers.push(await get(port))
    await goes.exit()
    expect(answers).toHaveLength(200)
    const all = await Promise.all(Array.from({ length: 40 }, () => get(port)))
    expect(new Set(all)).toEqual(new Set([String(stays.pid)]))
    // The worker's own channel and pipes, and the socket of its slot.
    expect((await bench.cluster.count()).fds).toBeLessThan(fds)
    await new Promise<void>((resolve, reject) => {
      connect(port, '127.0.0.1')
        .on('connect', function (this: Socket) {
          this.destroy()
          resolve()
        })
        .on('error', reject)
    })
  })
})
