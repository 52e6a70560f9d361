// Workers that are replaced by age or requests, under load, by the built CLI.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, startService } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

async function recycled(recycle: object, node: string) {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ name: 'web', script: fixture('server.cjs'), instances: 2, recycle }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  const first = service.events('worker.ready').map(({ worker }) => worker.pid)
  let asking = true
  const answers: string[] = []
  const client = async () => {
    while (asking) answers.push(JSON.parse(await service.get('/slow?ms=20')).pid)
  }
  const clients = [client(), client(), client()]
  // Both of the first, and one more: the new ones age too.
  await service.event('worker.replaced', ({ worker }) => worker.pid === first[0])
  await service.event('worker.replaced', ({ worker }) => worker.pid === first[1])
  await service.event('worker.replaced', ({ worker }) => !first.includes(worker.pid))
  asking = false
  await Promise.all(clients)
  const status = await service.status()
  await service.stop()
  return { service, answers, status }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('replaces workers that have answered enough, one after the other, and no request is lost', async () => {
    const { answers, status, service } = await recycled({ maxRequests: 30, jitter: 0.2, minLife: '1s' }, node)
    expect(answers.length).toBeGreaterThan(60)
    expect(status.apps[0]).toMatchObject({ restarts: 0, instances: 2 })
    expect(service.events('worker.replaced').every(({ cause }) => cause === 'requests')).toBe(true)
    expect(service.events('invariant.violated')).toEqual([])
  })

  it('replaces workers of a certain age', async () => {
    const { service } = await recycled({ maxAge: '2s', jitter: 0.5, minLife: '1s' }, node)
    expect(service.events('worker.replaced').every(({ cause }) => cause === 'age')).toBe(true)
  })
})
