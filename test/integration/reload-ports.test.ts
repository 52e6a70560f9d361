// Which ports a new generation must listen on, by the built CLI.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { freePort, get, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

/** Listens on what PORTS says; each answers with its own port. */
const SOURCE = `
  for (const wanted of process.env.PORTS.split(',').map(Number)) {
    const server = require('node:http').createServer((_, response) => response.end(String(server.address().port)))
    server.listen(wanted, '127.0.0.1')
  }`

async function listening(ports: readonly number[], node: string) {
  const cwd = tempDir({ 'app.cjs': SOURCE })
  /** `timeout`: where a new generation shall miss a port, that is what it takes to be told. */
  const configure = (on: readonly number[], timeout = '30s') =>
    writeFileSync(
      join(cwd, 'resilience.config.json'),
      JSON.stringify({
        name: 'web',
        script: 'app.cjs',
        instances: 1,
        env: { PORTS: on.join() },
        ready: { minReady: '200ms', timeout },
      }),
    )
  configure(ports)
  const service = await startService(null, { cwd, node })
  await service.event('app.running')
  return { service, configure }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a release that drops a port is rolled back with the port and the flag named; with the flag it goes through', async () => {
    const [kept, dropped] = [await freePort(), await freePort()]
    const { service, configure } = await listening([kept, dropped], node)
    await service.event('worker.listening', ({ port }) => port === dropped)
    configure([kept], '3s')
    const refused = await service.resil(['reload'])
    expect(refused.code).toBe(75)
    expect(refused.stdout).toContain(
      `did not listen on ${dropped}, which the old one does; if that is meant, add --allow-port-change`,
    )
    expect(await get(dropped)).toBe(String(dropped))
    configure([kept])
    expect((await service.resil(['reload', '--allow-port-change'])).code).toBe(0)
    expect(await get(kept)).toBe(String(kept))
    // Reset while the door is still held, for a tenth of a second.
    await expect(get(dropped)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
    // The new generation sets the example from now on.
    expect((await service.resil(['reload'])).code).toBe(0)
    await service.stop()
  })

  it('an app that listens on any free port is reloaded, and comes back from a crash on another port', async () => {
    const fixed = await freePort()
    const { service } = await listening([0, fixed], node)
    const portsOf = async () => (await service.status()).apps[0]?.ports ?? []
    const [first] = (await portsOf()).filter((port) => port !== fixed)
    expect(await get(first ?? 0)).toBe(String(first))
    expect((await service.resil(['reload'])).code).toBe(0)
    // A restart stops the only worker first, which closes the port: the next one is another.
    const restarted = await service.resil(['restart', '--timeout', '15s'])
    expect(restarted.code).toBe(0)
    expect(await portsOf()).toContain(fixed)
    expect((await service.status()).apps[0]).toMatchObject({ ready: 1, state: 'running' })
    await service.stop()
  })
})
