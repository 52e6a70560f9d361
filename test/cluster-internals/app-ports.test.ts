import { afterEach, describe, expect, it } from 'vitest'
import { markQuestion } from '../../src/cluster-internals/app-ports.ts'
import { agentBench } from '../support/agent-bench.ts'
import type { WorkerUnderTest } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { freePort } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

describe("a worker's question for a handle", () => {
  const question = { cmd: 'NODE_CLUSTER', act: 'queryServer', address: null, port: 80, addressType: 4 }

  it.each([
    [
      { ...question, fd: -1 },
      { ...question, fd: '-1@shop' },
    ],
    [
      { ...question, fd: null },
      { ...question, fd: 'null@shop' },
    ],
    [question, { ...question, fd: 'undefined@shop' }],
    [
      { ...question, fd: 3 },
      { ...question, fd: 3, addressType: '4@shop' },
    ],
    [
      { ...question, fd: 3, addressType: 'udp4' },
      { ...question, fd: 3, addressType: 'udp4' },
    ],
    [
      { ...question, fd: null, addressType: 'udp6' },
      { ...question, fd: 'null@shop', addressType: 'udp6' },
    ],
    [
      { ...question, act: 'listening', fd: -1 },
      { ...question, act: 'listening', fd: -1 },
    ],
    [
      { cmd: 'NODE_RESIL', act: 'queryServer' },
      { cmd: 'NODE_RESIL', act: 'queryServer' },
    ],
    [null, null],
  ])('%j → %j', (message, expected) => {
    const marked = structuredClone(message)
    markQuestion(marked, 'shop')
    expect(marked).toEqual(expected)
  })
})

const policies = [
  ['round robin', {}],
  ['the kernel', { NODE_CLUSTER_SCHED_POLICY: 'none' }],
] as const

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  describe.each(policies)('where connections are given out by %s', (_policy, env) => {
    const { start } = agentBench(path, env)
    const started: WorkerUnderTest[] = []

    afterEach(async () => {
      for (const worker of started.splice(0)) {
        if (worker.seen('exit').length === 0) await worker.end()
      }
    })

    async function run(app: string | undefined, source: string): Promise<WorkerUnderTest> {
      const worker = await start(source, app === undefined ? {} : { app })
      started.push(worker)
      return worker
    }

    it('the second app on a port is told that it is in use, the second worker of the first is not', async () => {
      const port = await freePort()
      const source = `require('http').createServer().listen(${port}, '127.0.0.1')`
      const first = await run('shop', source)
      expect(await first.listening()).toMatchObject({ port, address: '127.0.0.1' })
      expect(first.seen('forked')[0]?.isolated).toBe(true)
      const other = await run('blog', source)
      expect(await other.said('listen-failed')).toMatchObject({ code: 'EADDRINUSE', port })
      const second = await run('shop', source)
      expect(await second.listening()).toMatchObject({ port, address: '127.0.0.1' })
    })

    it('without it, the two would share the port', async () => {
      const source = `require('http').createServer().listen(${await freePort()}, '127.0.0.1')`
      const [first, other] = [await run(undefined, source), await run(undefined, source)]
      expect(await first.port()).toBe(await other.port())
    })

    it("any free port is one for all of an app's workers, and another one for another app", async () => {
      const source = "require('http').createServer().listen(0)"
      const first = await (await run('shop', source)).port()
      const second = await (await run('shop', source)).port()
      const other = await (await run('blog', source)).port()
      expect(second).toBe(first)
      expect(other).not.toBe(first)
      expect(other).toBeGreaterThan(0)
    })

    it('a Unix socket belongs to one app', async () => {
      const socket = `${tempDir()}/socket`
      const source = `require('http').createServer().listen(${JSON.stringify(socket)})`
      await (await run('shop', source)).listening()
      const other = await run('blog', source)
      expect(await other.said('listen-failed')).toMatchObject({ code: 'EADDRINUSE', address: socket, port: null })
    })

    it('a UDP port belongs to one app', async () => {
      // Not 127.0.0.1: there a UDP socket holds the port for this test.
      const source = (port: number) => `require('dgram').createSocket('udp4').bind(${port}, '127.0.0.2')`
      const port = await freePort()
      await (await run('shop', source(port))).listening()
      await (await run('shop', source(port))).listening()
      const other = await run('blog', source(port))
      await other.line(/EADDRINUSE/)
      expect(await other.exit()).toMatchObject({ code: 1 })
    })

    it('an app whose port was taken gets it when it is free again', async () => {
      const port = await freePort()
      const source = `require('http').createServer().listen(${port})`
      const first = await run('shop', source)
      await first.listening()
      const refused = await run('blog', source)
      await refused.exit()
      await first.end()
      const other = await run('blog', source)
      expect(await other.port()).toBe(port)
    })
  })
})
