// Workers that use too much CPU, or whose event loop lags, by the built CLI.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../../support/cli.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, type Service, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

async function burning(watchdogs: object, node: string): Promise<{ service: Service; burner: number }> {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ name: 'web', script: fixture('burns.cjs'), instances: 2, watchdogs }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  return { service, burner: JSON.parse(await service.get('/burn')).pid }
}

// A tenth of a core: on a busy machine a process that wants all of it may not get more.
describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a worker that saturates a core is replaced, where the person wants it so', async () => {
    const { service, burner } = await burning({ cpu: { max: 0.1, sustain: '1s', action: 'replace' } }, node)
    const tripped = await service.event('watchdog.tripped')
    expect(tripped).toMatchObject({ watchdog: 'cpu', worker: { pid: burner }, limit: 0.1, unit: 'ratio' })
    expect(await service.event('worker.replaced')).toMatchObject({ cause: 'cpu', worker: { pid: burner } })
    expect(service.events('app.degraded')).toEqual([])
    await service.stop()
  })

  it('by default it is told, and shown by status', async () => {
    const { service, burner } = await burning({ cpu: { max: 0.1, sustain: '1s' } }, node)
    expect(await service.event('watchdog.tripped')).toMatchObject({ action: 'report', worker: { pid: burner } })
    const { apps } = await service.status()
    expect(apps[0]?.workers.find(({ pid }) => pid === burner)).toMatchObject({
      limits: ['cpu'],
      due: null,
      state: 'ready',
    })
    const { stdout } = await service.resil(['status'])
    expect(stdout).toContain('over its limit for CPU')
    await service.stop()
  })

  it('a worker whose loop is full is replaced', async () => {
    const { service, burner } = await burning({ eventLoop: { utilization: 0.95, sustain: '1s' } }, node)
    expect(await service.event('watchdog.tripped')).toMatchObject({ watchdog: 'event-loop', worker: { pid: burner } })
    expect(await service.event('worker.replaced')).toMatchObject({ cause: 'lag', worker: { pid: burner } })
    await service.stop()
  })
})
