// docs/guides/monitoring.md promises what is here: its commands are run, its settings read, its metrics and paths looked for.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/metrics/definitions.ts'
import { ask, TOKEN } from '../support/admin.ts'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { fixture, freePort, type Service, startService } from '../support/service.ts'

const guide = readFileSync(fileURLToPath(new URL('../../docs/guides/monitoring.md', import.meta.url)), 'utf8')

function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
}

/** Lines that end in a backslash go on in the next. */
const commands = blocks('sh').flatMap((block) => block.replaceAll('\\\n', '').trimEnd().split('\n'))
const yaml = blocks('yaml').join('\n')

let service: Service
let admin: number
beforeAll(async () => {
  admin = await freePort()
  const [config = '{}'] = blocks('json')
  const cwd = tempDir({
    'resilience.config.json': config.replace('"server.js"', JSON.stringify(fixture('server.cjs'))),
  })
  const env = {
    RESIL_ADMIN_PORT: String(admin),
    RESIL_ADMIN_TOKEN: TOKEN,
    RESIL_INSTANCES: '2',
    RESIL_READY_MIN_READY: '0',
  }
  // What the guide gives the container; the address stays on this machine.
  for (const [, name = '', value = ''] of yaml.matchAll(/name: (RESIL_\w+), value: "([^"]+)"/g)) {
    if (name === 'RESIL_SHUTDOWN_READINESS_DELAY') Object.assign(env, { [name]: value })
    else expect(['RESIL_ADMIN_HOST', 'RESIL_ADMIN_PORT']).toContain(name)
  }
  service = await startService(null, { cwd, env })
  await service.event('app.running')
})
afterAll(async () => {
  await service.stop()
  await assertNoProcessLeft()
})

describe('each command of the guide', () => {
  it.each(commands)('%s', async (command) => {
    const line = command.replace(/^curl/, 'exec curl --fail').replaceAll('localhost:9464', `127.0.0.1:${admin}`)
    const env = { PATH: process.env.PATH, RESIL_ADMIN_TOKEN: TOKEN }
    const shell = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(shell, 'close')
    // Fails where it ends without a word.
    await Promise.race([once(shell.stdout, 'data'), ended.then(() => Promise.reject(new Error('no output')))])
    // A stream has no end of its own.
    if (command.includes('/events')) shell.kill()
    else expect(await ended).toEqual([0, null])
  })

  it('is one that is run here', () => {
    expect(commands.length).toBeGreaterThanOrEqual(6)
    for (const command of commands) expect(command).toMatch(/^curl /)
  })
})

it('every path of the guide is there', async () => {
  const paths = [...`${guide}`.matchAll(/^\| `(\/\w+)` \|/gm), ...yaml.matchAll(/path: (\/\w+)/g)].map(
    ([, path = '']) => path,
  )
  expect(paths).toEqual(expect.arrayContaining(['/livez', '/readyz', '/startupz', '/metrics', '/status', '/events']))
  for (const path of new Set(paths)) {
    expect([path, (await ask(admin, path, { method: 'HEAD' })).status]).toEqual([path, 200])
  }
})

it('every metric of the guide is one, with the labels that are asked for', () => {
  const names = guide.matchAll(/\b((?:resil|nodejs|http_server)_[a-z0-9_]+?)(?:_bucket)?\b(?=[^a-z0-9_])/g)
  for (const [, name = ''] of names) expect(Object.keys(METRICS)).toContain(name)
  for (const query of blocks('promql').join('').trimEnd().split('\n')) {
    const [name] = Object.keys(METRICS)
      .filter((one) => query.includes(one))
      .sort((a, b) => b.length - a.length)
    const { labels } = METRICS[name as keyof typeof METRICS]
    const used = [...query.matchAll(/by \(([^)]+)\)/g)].flatMap(([, list = '']) => list.split(', '))
    for (const label of used.filter((one) => one !== 'le')) expect([query, ...labels]).toContain(label)
  }
})
