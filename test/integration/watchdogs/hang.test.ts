// Event loops that do not turn, by the built CLI: found, explained, and ended in time, while the others serve on.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../../support/cli.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, type Service, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

// A child of a killed worker ends by itself a little later.
afterEach(() => assertNoProcessLeft())

async function serving(config: object, node: string): Promise<Service> {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ name: 'web', script: fixture('blocks.cjs'), instances: 2, ...config }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  // One that has never been heard of has more time: as long as a boot.
  while ((await service.status()).apps[0]?.workers.some(({ heapUsed }) => heapUsed === null));
  return service
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a loop that spins is suspect within 3 s, its stack is read before it is killed, and it is replaced in time; no request of the others is harmed', async () => {
    const service = await serving({ watchdogs: { hang: { replaceAfter: '8s' } } }, node)
    let asking = true
    const slow: number[] = []
    const client = async () => {
      for (; asking; await new Promise((resolve) => setTimeout(resolve, 20))) {
        const begun = Date.now()
        await service.get('/')
        slow.push(Date.now() - begun)
      }
    }
    const hung = Number(await service.get('/loop?ms=600000'))
    const begun = Date.now()
    // Those that meet the hung worker wait until it is killed, and are answered by another.
    const clients = [client(), client(), client()]
    const taken = await service.event('evidence.taken')
    const stackMs = Date.now() - begun
    expect(taken).toMatchObject({ worker: { pid: hung }, evidence: { kind: 'stack' } })
    expect(JSON.stringify(taken.evidence)).toContain('spinInJavaScript')
    const [suspected] = service.events('worker.suspected')
    expect(suspected?.silentMs).toBeLessThan(3_000)
    // On a calm machine 3 s after the hang began; how long the reading takes on a busy one is not what is tried here.
    expect(stackMs).toBeLessThan(8_000)
    expect((await service.status()).apps[0]?.workers.map(({ state }) => state)).toContain('suspect')
    const exited = await service.event('worker.exited')
    expect(exited).toMatchObject({ worker: { pid: hung }, exit: { kind: 'hang', signal: 'SIGKILL' } })
    const { bootMs } = await service.event('worker.ready', ({ worker }) => worker.id === 3)
    expect(Date.now() - begun).toBeLessThan(8_000 + bootMs + 1_000)
    asking = false
    await Promise.all(clients)
    // Only what was given to the hung worker before it was suspect has waited.
    expect(slow.length).toBeGreaterThan(50)
    expect(slow.filter((ms) => ms > 1_000).length).toBeLessThanOrEqual(3)
    await service.stop()
  })

  it.each(['regex', 'atomics?ms=600000', 'crypto?ms=600000', 'spawn?ms=6500'])(
    'one that hangs in %s goes as well, and its evidence says something',
    async (how) => {
      const service = await serving({ watchdogs: { hang: { suspectAfter: '1.5s', replaceAfter: '5s' } } }, node)
      const hung = Number(await service.get(`/${how}`))
      const { evidence } = await service.event('evidence.taken')
      expect(['stack', 'triage']).toContain(evidence.kind)
      expect(await service.event('worker.exited')).toMatchObject({ worker: { pid: hung }, exit: { kind: 'hang' } })
      await service.event('worker.ready', ({ worker }) => worker.id === 3)
      await service.stop()
    },
  )
})
