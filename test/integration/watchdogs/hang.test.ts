// Event loops that do not turn, by the built CLI: found, explained, and ended in time, while the others serve on.

import { afterAll, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../../support/cli.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, type Service, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

// What hangs waits for its time, and so the tests do it together. What a killed worker waits for in spawnSync is ended with it.
afterAll(() => assertNoProcessLeft())

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
  it.concurrent('a loop that spins turns suspect, its stack is read before it is killed, and it is replaced; no request of the others is harmed', async () => {
    const service = await serving({ watchdogs: { hang: { replaceAfter: '8s' } } }, node)
    let asking = true
    let answered = 0
    const lost: string[] = []
    const client = async () => {
      for (; asking; await new Promise((resolve) => setTimeout(resolve, 20))) {
        await service.get('/').then(
          () => (answered += 1),
          ({ message }: Error) => lost.push(message),
        )
      }
    }
    const hung = Number(await service.get('/loop?ms=600000'))
    // Before, it might accept a request that dies with it. Who is given to it now waits until it is killed, and goes to another.
    await service.waitForLine('blocks: loop')
    const clients = Promise.all([client(), client(), client()])
    const taken = await service.event('evidence.taken')
    expect(taken).toMatchObject({ worker: { pid: hung }, evidence: { kind: 'stack' } })
    expect(JSON.stringify(taken.evidence)).toContain('spinInJavaScript')
    const answeredBefore = answered
    const exited = await service.event('worker.exited')
    expect(exited).toMatchObject({ worker: { pid: hung }, exit: { kind: 'hang', signal: 'SIGKILL' } })
    // The other one serves while the hung one is suspect.
    expect(answered).toBeGreaterThan(answeredBefore)
    await service.event('worker.ready', ({ worker }) => worker.id === 3)
    asking = false
    await clients
    expect(lost).toEqual([])
    const order = ['worker.suspected', 'evidence.taken', 'watchdog.tripped', 'worker.exited'] as const
    const places = order.map((type) => service.lines.findIndex((line) => line.includes(`"type":"${type}"`)))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(service.events('worker.suspected').map(({ worker }) => worker.pid)).toContain(hung)
    await service.stop()
  })

  it.concurrent.each(['regex', 'atomics?ms=600000', 'crypto?ms=600000', 'spawn?ms=600000'])(
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
