import { describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'

const serve = "require('http').createServer((_, res) => res.end())"

/** What the script does → how its worker ends by itself: with a code. */
const ends: [what: string, source: string, code?: number][] = [
  ['does nothing', ''],
  ['has waited for a timer', 'setTimeout(() => {}, 50)'],
  ['sets an exit code', 'process.exitCode = 3', 3],
  ['closes its server', `const s = ${serve}.listen(0, () => s.close())`],
  ['closes its server before it listens', `const s = ${serve}.listen(0); s.close()`],
  ['unrefs its server', `${serve}.listen(0).unref()`],
  ['unrefs its server while it listens', `const s = ${serve}.listen(0, () => s.unref())`],
  [
    'closes both of its servers',
    `const a = ${serve}.listen(0, () => { const b = ${serve}.listen(0, () => { a.close(); b.close() }) })`,
  ],
  ['could not listen, and took it', `${serve}.on('error', () => {}).listen({ path: '/nonexistent/socket' })`],
  ['has closed its dgram socket', "const s = require('dgram').createSocket('udp4'); s.bind(0, () => s.close())"],
  ['unrefs its dgram socket', "require('dgram').createSocket('udp4').bind(0).unref()"],
  ['no longer waits for messages', "const f = () => {}; process.on('message', f); process.off('message', f)"],
  [
    'no longer waits for messages of the worker',
    "const { worker } = require('cluster'); const f = () => {}; worker.on('message', f); worker.off('message', f)",
  ],
  ['disconnects', "require('cluster').worker.disconnect()"],
  ['disconnects a server', `${serve}.listen(0, () => require('cluster').worker.disconnect())`],
]

/** What the script does → it lives until it is told to end. */
const lives: [what: string, source: string][] = [
  ['listens', `${serve}.listen(0)`],
  ['listens on a host name', `${serve}.listen(0, 'localhost')`],
  ['listens on a Unix socket', `${serve}.listen(process.argv[2])`],
  ['listens exclusively', `${serve}.listen({ port: 0, exclusive: true })`],
  ['refs its server again', `const s = ${serve}; s.unref(); s.listen(0, () => s.ref())`],
  ['closes one of two servers', `const a = ${serve}.listen(0, () => { ${serve}.listen(0, () => a.close()) })`],
  ['listens over TLS', "require('tls').createServer().listen(0)"],
  ['binds a dgram socket', "require('dgram').createSocket('udp4').bind(0)"],
  ['waits for messages', "process.on('message', () => {})"],
  ['waits for messages of the worker', "require('cluster').worker.on('message', () => {})"],
  ['waits for the disconnect', "process.on('disconnect', () => {})"],
  ['has an interval', 'setInterval(() => {}, 1e6)'],
]

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const { start } = bench

  it.concurrent.each(ends)('a worker that %s ends by itself', async (_what, source, code = 0) => {
    const worker = await start(source)
    expect(await worker.exit()).toMatchObject({ code, signal: null })
  })

  it.concurrent.each(lives)('a worker that %s lives on', async (_what, source) => {
    const worker = await start(source)
    // A second after it was loaded: whatever was due is over.
    await worker.said('beat')
    expect(worker.seen('exit')).toEqual([])
    worker.kill('SIGKILL')
    expect(await worker.exit()).toMatchObject({ signal: 'SIGKILL' })
  })

  it('an ES module ends by itself after its last await', async () => {
    const source = "await new Promise((done) => setTimeout(done, 50)); console.log('through')"
    const worker = await start(source, { name: 'app.mjs' })
    await worker.line(/through/)
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })

  it('a worker that ends after its server closed has said bye, and ends also without an answer', async () => {
    const cluster = bench.anotherCluster()
    cluster.order({ do: 'ignore-bye' })
    const worker = await start(`const s = ${serve}.listen(0, () => s.close())`, { cluster })
    await worker.said('bye')
    expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
  })
})
