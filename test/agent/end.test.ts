// How a drained worker ends, and what signals do to it.

import { describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { get, rawClient } from '../support/raw-client.ts'

const forever = 'setInterval(() => {}, 1e6);'

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const { start } = bench

  it("the app's own listener gets the signal when all is answered, and its close() succeeds", async () => {
    const source = `
      const server = require('http').createServer((req, res) => {
        console.log('begun')
        setTimeout(() => res.end('answer'), 300)
      }).listen(0)
      process.on('SIGTERM', (...args) => {
        console.log('told', JSON.stringify(args))
        server.close((error) => process.exit(error ? 1 : 7))
      })`
    const worker = await start(source)
    const client = await rawClient(await worker.port())
    client.write(get())
    await worker.line(/begun/)
    worker.drain()
    await worker.line(/^told \["SIGTERM",15\]$/)
    await client.until(/Connection: close[\s\S]*answer/)
    expect(await worker.exit()).toMatchObject({ code: 7, signal: null })
  })

  it('an error in its signal listener is an uncaught exception', async () => {
    const worker = await start(`${forever} process.on('SIGTERM', () => { throw new Error('in the handler') })`)
    await worker.said('loaded')
    worker.drain()
    await worker.line(/Error: in the handler/)
    expect(await worker.exit()).toMatchObject({ code: 1, signal: null })
  })

  it('an app that listens for no signal is not kept by its timers', async () => {
    const worker = await start(`${forever} require('http').createServer(() => {}).listen(0)`)
    await worker.port()
    worker.drain()
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('its exit code is the one that it has set', async () => {
    const worker = await start(`${forever} process.exitCode = 3; require('http').createServer(() => {}).listen(0)`)
    await worker.port()
    worker.drain()
    expect(await worker.exit()).toMatchObject({ code: 3, signal: null })
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('a job that listens for no signal dies of its %s', async (signal) => {
    const worker = await start(forever)
    await worker.said('loaded')
    worker.drain({ signal })
    expect(await worker.exit()).toMatchObject({ code: null, signal })
  })

  it('a listener that cleans up and then dies of the same signal can', async () => {
    const source = `${forever} process.once('SIGINT', () => { console.log('cleaned up'); process.kill(process.pid, 'SIGINT') })`
    const worker = await start(source)
    await worker.said('loaded')
    worker.drain({ signal: 'SIGINT' })
    await worker.line(/cleaned up/)
    expect(await worker.exit()).toMatchObject({ code: null, signal: 'SIGINT' })
  })

  it('a job that listens for the signal ends as it likes', async () => {
    const worker = await start(`${forever} process.on('SIGTERM', () => process.exit(5))`)
    await worker.said('loaded')
    worker.drain()
    expect(await worker.exit()).toMatchObject({ code: 5, signal: null })
  })

  it.each(['SIGINT', 'SIGHUP'] as const)('%s to the whole group leaves it alone', async (signal) => {
    const worker = await start("require('http').createServer((req, res) => res.end('answer')).listen(0)")
    const client = await rawClient(await worker.port())
    process.kill(-bench.cluster.group, signal)
    client.write(get())
    await client.until(/answer/)
    worker.kill('SIGKILL')
    expect(await worker.exit()).toMatchObject({ signal: 'SIGKILL' })
  })

  it('SIGINT reaches a listener of the app, and SIGTERM keeps its deadly default', async () => {
    const listening = await start(`${forever} process.on('SIGINT', () => console.log('interrupted'))`)
    await listening.said('loaded')
    listening.kill('SIGINT')
    await listening.line(/interrupted/)
    listening.kill('SIGTERM')
    expect(await listening.exit()).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  it('says bye, and ends when the answer has come', async () => {
    const worker = await start("require('http').createServer(() => {}).listen(0)")
    await worker.port()
    worker.drain()
    await worker.said('bye')
    expect(await worker.exit()).toMatchObject({ code: 0 })
    expect(worker.seen('said').filter(({ act }) => act === 'bye')).toHaveLength(1)
  })

  it('a second drain hurries the first', async () => {
    const worker = await start("require('http').createServer((req, res) => res.write('first')).listen(0)")
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(/first/)
    worker.drain({ deadlineMs: 600_000, idleWaitMs: 600_000 })
    worker.drain({ deadlineMs: 500, idleWaitMs: 100 })
    expect(await client.closed).toBe('end')
    expect(await worker.exit()).toMatchObject({ code: 0 })
  })

  it('a supervisor that does not answer bye is waited for a second', async () => {
    const cluster = bench.anotherCluster()
    cluster.order({ do: 'ignore-bye' })
    const begun = performance.now()
    const worker = await start("require('http').createServer(() => {}).listen(0)", { cluster })
    await worker.port()
    worker.drain()
    expect(await worker.exit()).toMatchObject({ code: 0 })
    expect(performance.now() - begun).toBeGreaterThan(990)
  })
})
