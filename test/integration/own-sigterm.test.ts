// Apps that handle SIGTERM themselves, naively or well, in the ways of the libraries for it: whatever they do, they do it with
// nothing in hand, so that neither a reload nor a stop loses a request.

import { Agent, get } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

const CLIENTS = 12
const KEEP_ALIVE = new Agent({ keepAlive: true, maxSockets: CLIENTS })

const apps = [
  ['exits at once', 'exits-at-once', 0],
  ['cuts off its connections after a moment', 'cuts-connections', 0],
  ['closes the idle ones and waits for the others', 'closes-all', 0],
  ['fails its health check first, and kills itself by the signal', 'health-first', 'SIGTERM'],
  ['closes with a forced end behind it', 'with-grace', 0],
  ['fails in its handler', 'rejects', 1],
] as const

const start = async (name: string, node: string): Promise<Service> => {
  const config = { name: 'app', script: fixture(`sigterm/${name}.cjs`), instances: 2, ready: { minReady: 0 } }
  const service = await startService(null, { node, cwd: tempDir({ 'resilience.config.json': JSON.stringify(config) }) })
  await service.event('app.running')
  return service
}

/** null: not the answer to this question. */
function ask(port: number, path: string, agent: Agent | false): Promise<string | null> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path, agent }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(body.includes(`"${path}"`) ? null : `wrong: ${body}`))
      response.on('error', (error) => resolve(error.message))
    }).on('error', (error) => resolve(error.message))
  })
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it.each(apps)('an app that %s loses nothing in a reload, and ends in its own way', async (_how, name, end) => {
    const service = await start(name, node)
    const load = { asking: true, answered: 0, lost: [] as string[] }
    const clients = Array.from({ length: CLIENTS }, async (_, index) => {
      while (load.asking) {
        const lost = await ask(service.port, `/${index}/${load.answered}`, index % 2 === 0 && KEEP_ALIVE)
        if (lost === null) load.answered += 1
        else load.lost.push(lost)
      }
    })
    const { code } = await service.resil(['reload'])
    load.asking = false
    await Promise.all(clients)
    KEEP_ALIVE.destroy()
    expect(code).toBe(0)
    expect(load.lost).toEqual([])
    expect(load.answered).toBeGreaterThan(CLIENTS)
    const exits = service
      .events('worker.exited')
      .map(({ exit }) => ({ kind: exit.kind, end: exit.signal ?? exit.code }))
    expect(exits).toEqual([
      { kind: 'planned', end },
      { kind: 'planned', end },
    ])
    expect(await service.stop()).toEqual({ code: 0, signal: null })
  })

  it.each(apps)('an app that %s answers at a stop what it has in hand', async (_how, name) => {
    const service = await start(name, node)
    const askAll = (path: string) =>
      Array.from({ length: CLIENTS }, (_, index) => ask(service.port, `${path}/${index}`, KEEP_ALIVE))
    // From now on there are connections that workers have taken.
    expect(await Promise.all(askAll('/first'))).toEqual(Array(CLIENTS).fill(null))
    const inHand = askAll('/in-hand')
    await new Promise(setImmediate)
    const stopped = service.stop()
    expect(await Promise.all(inHand)).toEqual(Array(CLIENTS).fill(null))
    expect(await stopped).toEqual({ code: 0, signal: null })
    KEEP_ALIVE.destroy()
  })
})
