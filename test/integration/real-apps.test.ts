// Services as people write them, from npm, unmodified: killed at random under load, reloaded, stopped.

import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

const apps = [
  ['Express', fileURLToPath(new URL('../../examples/shop/server.js', import.meta.url))],
  ['Fastify', fixture('fastify.mjs')],
  ['Hono', fixture('hono.mjs')],
] as const

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it.each(apps)(
    '%s: four workers, three of them killed under load, then reloaded without a loss',
    async (_name, entry) => {
      const service = await startService(entry, {
        node,
        args: ['-w', '4', '--name', 'app'],
        env: { RESIL_READY_MIN_READY: '0' },
      })
      await service.event('app.running')
      const load = { asking: true, answered: 0, lost: 0 }
      const asked = Array<number>(10).fill(0)
      const clients = asked.map(async (_, client) => {
        for (; load.asking; asked[client] = (asked[client] ?? 0) + 1) {
          await service.get('/slow?ms=15').then(
            () => (load.answered += 1),
            () => (load.lost += 1),
          )
        }
      })
      for (let kill = 1; kill <= 3; kill += 1) {
        const { pid } = JSON.parse(await service.get())
        process.kill(pid, 'SIGKILL')
        await service.event('worker.ready', ({ worker: { id } }) => id === 4 + kill)
      }
      // Whatever each client had in hand at the last kill has been answered or lost.
      const before = [...asked]
      await expect.poll(() => asked.every((count, client) => count > (before[client] ?? 0))).toBe(true)
      const lostByKills = load.lost
      // Ten clients with one request each at a time: no kill can have cost more than those that its victim had in hand.
      expect(lostByKills).toBeLessThanOrEqual(3 * 10)
      expect((await service.resil(['reload'])).code).toBe(0)
      load.asking = false
      await Promise.all(clients)
      expect(load.lost).toBe(lostByKills)
      expect(load.answered).toBeGreaterThan(100)
      const [app] = (await service.status()).apps
      expect(app).toMatchObject({ state: 'running', ready: 4, generation: 2, restarts: 3 })
      expect(await service.stop()).toEqual({ code: 0, signal: null })
    },
  )
})

it('keeps the JSON lines of an app that logs with pino, and adds who wrote them', async () => {
  const service = await startService(fixture('fastify.mjs'), { args: ['-w', '1', '--name', 'api'] })
  await service.event('app.running')
  await service.get()
  const line = JSON.parse(await service.waitForLine('"incoming request"'))
  expect(line).toMatchObject({ level: 30, msg: 'incoming request', app: 'api', slot: 0, req: { method: 'GET' } })
  await service.stop()
})
