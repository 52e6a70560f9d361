import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { get, rawClient } from '../support/raw-client.ts'
import { tempDir } from '../support/temp-dir.ts'

/** From the supervisor's death on: what is cut off is not cut off before the first, and nothing lives on of itself until the second. */
const CUT_OFF_MS = 4_000
const DEADLINE_MS = 5_000

/** How long after the supervisor's death a worker still lives. Nobody but the kernel knows: it is polled. */
async function lifeAfter(pid: number): Promise<number> {
  const begun = performance.now()
  await expect.poll(() => isAlive(pid), { interval: 5 }).toBe(false)
  return performance.now() - begun
}

/** A zombie is not: it waits to be reaped by whatever adopts orphans here. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const { start } = bench

  it.each([
    ['an idle server', "require('http').createServer(() => {}).listen(0); setInterval(() => {}, 1e6)"],
    ['a job', 'setInterval(() => {}, 1e6)'],
  ])('%s ends at once', async (_what, source) => {
    const cluster = bench.anotherCluster()
    const worker = await start(source, { cluster })
    await worker.said('loaded')
    await cluster.kill()
    expect(await lifeAfter(worker.pid)).toBeLessThan(DEADLINE_MS)
  })

  it('requests in hand are answered first, idle connections are closed', async () => {
    const source = `require('http').createServer((req, res) => {
        if (req.url !== '/slow') return res.end('answer')
        console.log('begun')
        setTimeout(() => res.end('slow'), 500)
      }).listen(0)`
    const cluster = bench.anotherCluster()
    const worker = await start(source, { cluster })
    const port = await worker.port()
    const [busy, idle] = await Promise.all([rawClient(port), rawClient(port)])
    idle.write(get())
    await idle.until(/answer/)
    busy.write(get('/slow'))
    await worker.line(/begun/)
    await cluster.kill()
    expect(await idle.closed).toBe('end')
    await busy.until(/Connection: close[\s\S]*slow/)
    expect(await lifeAfter(worker.pid)).toBeLessThan(DEADLINE_MS)
  })

  it('a request without end is cut off after five seconds', async () => {
    const cluster = bench.anotherCluster()
    const worker = await start("require('http').createServer((req, res) => res.write('first')).listen(0)", { cluster })
    const client = await rawClient(await worker.port())
    client.write(get())
    await client.until(/first/)
    const begun = performance.now()
    await cluster.kill()
    expect(await client.closed).toBe('end')
    expect(performance.now() - begun).toBeGreaterThan(CUT_OFF_MS)
    await lifeAfter(worker.pid)
  })

  it('the app gets its SIGTERM to clean up, and five seconds', async () => {
    const path = `${tempDir()}/cleaned-up`
    const source = `require('http').createServer(() => {}).listen(0)
      process.on('SIGTERM', () => { require('fs').writeFileSync(${JSON.stringify(path)}, 'yes'); setInterval(() => {}, 1e6) })`
    const cluster = bench.anotherCluster()
    const worker = await start(source, { cluster })
    await worker.port()
    const begun = performance.now()
    await cluster.kill()
    await lifeAfter(worker.pid)
    expect(performance.now() - begun).toBeGreaterThan(CUT_OFF_MS)
    expect(readFileSync(path, 'utf8')).toBe('yes')
  })

  it("the app's own disconnect is its own affair", async () => {
    const source = `const { worker } = require('cluster')
      setTimeout(() => console.log('still here'), 500)
      worker.on('disconnect', () => console.log('disconnected', worker.exitedAfterDisconnect))
      worker.disconnect()`
    const worker = await start(source)
    await worker.line(/^disconnected true$/)
    await worker.line(/still here/)
    expect(await worker.exit()).toMatchObject({ code: 0 })
  })
})
