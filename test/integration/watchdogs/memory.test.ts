// Workers that leak, under requests, by the built CLI.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../../support/cli.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, type Service, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

async function leaking(config: object, node: string): Promise<Service> {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ name: 'web', script: fixture('leaks.cjs'), ...config }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  return service
}

/** Asks with `clients` at once until told to stop; how many were answered. Rejects with the first that was not. */
function load(service: Service, clients: number, path: string, pauseMs: number) {
  let asking = true
  const client = async (): Promise<number> => {
    let answered = 0
    for (; asking; answered += 1) {
      await service.get(path)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    return answered
  }
  const all = Array.from({ length: clients }, client)
  return async (): Promise<number> => {
    asking = false
    return (await Promise.all(all)).reduce((sum, answered) => sum + answered, 0)
  }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a worker that leaks past its hard limit is replaced, and no request is lost', async () => {
    const service = await leaking({ instances: 1, watchdogs: { memory: { soft: '399mb', hard: '400mb' } } }, node)
    const stop = load(service, 3, '/', 5)
    while (JSON.parse(await service.get('/leak')).rss < 400 * 2 ** 20);
    expect(await service.event('worker.replaced')).toMatchObject({ cause: 'memory' })
    expect(await stop()).toBeGreaterThan(0)
    expect(service.events('watchdog.tripped')).toMatchObject([{ watchdog: 'memory', action: 'replace' }])
    await service.stop()
  })

  it('four that leak at once are replaced one after the other, never below the floor, and no request is lost', async () => {
    const service = await leaking({ instances: 4, watchdogs: { memory: { hard: '250mb' } } }, node)
    const first = service.events('worker.ready').map(({ worker }) => worker.id)
    const stop = load(service, 4, '/leak', 100)
    const seen: number[] = []
    let watching = true
    const watch = async () => {
      while (watching) seen.push((await service.status()).apps[0]?.ready ?? 0)
    }
    const watched = watch()
    for (const id of first) await service.event('worker.replaced', ({ worker }) => worker.id === id)
    watching = false
    await watched
    expect(await stop()).toBeGreaterThan(20)
    await service.stop()
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(4)
    expect(service.events('app.degraded')).toEqual([])
    expect(service.events('invariant.violated')).toEqual([])
  })

  it('--max-memory is the hard limit', async () => {
    const service = await startService(fixture('leaks.cjs'), { node, args: ['-w', '1', '--max-memory', '200M'] })
    await service.event('app.running')
    for (let asked = 0; asked < 10; asked += 1) await service.get('/leak')
    await service.event('worker.replaced')
    expect(service.events('watchdog.tripped')[0]).toMatchObject({ limit: 200 * 2 ** 20, action: 'replace' })
    await service.stop()
  })
})
