// docs/guides/reload.md promises what is here: its settings are read, its commands and its deploy script are run.

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { assertNoProcessLeft, cliEnv, NODE, tempDir } from '../support/cli.ts'
import { deployed } from '../support/releases.ts'
import { type Service, startService } from '../support/service.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guide = readFileSync(join(root, 'docs/guides/reload.md'), 'utf8')

function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
}

const [canary = '', link = ''] = blocks('json')
const scripts = blocks('sh')
const deploy = scripts.at(-1) ?? ''
const commands = scripts.slice(0, -1).flatMap((block) => block.trimEnd().split('\n'))

const app = (release: string) =>
  `require('node:http').createServer((_, response) => response.end('${release}')).listen(Number(process.env.PORT), '127.0.0.1')`
const quick = (config: string) => config.replace('"30s"', '"1s"')

let service: Service
let base = ''
let current = ''
beforeAll(async () => {
  const releases = deployed({ 'server.js': app('42') })
  current = releases.current
  base = join(current, '..')
  const bin = tempDir({ resil: `#!/bin/sh\nexec "${NODE}" "${root}/bin/resil.js" "$@"\n` })
  chmodSync(join(bin, 'resil'), 0o755)
  const cwd = tempDir({ 'resilience.config.json': quick(link).replaceAll('/srv/shop', base) })
  service = await startService(null, { cwd, env: { PATH: `${bin}:${process.env.PATH}`, RESIL_READY_MIN_READY: '0' } })
  await service.event('app.running')
})
afterAll(async () => {
  await service.stop()
  await assertNoProcessLeft()
})

/** The exit code. */
function run(script: string, cwd = service.cwd): Promise<number | null> {
  const shell = spawn('sh', ['-c', script.replaceAll('/srv/shop', base)], {
    cwd,
    env: cliEnv(service.env),
    stdio: 'ignore',
  })
  return new Promise((resolve) => shell.once('close', resolve))
}

function packed(source: string): string {
  const dir = tempDir({ 'release/server.js': source })
  execFileSync('tar', ['-czf', join(dir, 'shop-43.tar.gz'), '-C', join(dir, 'release'), '.'])
  return dir
}

it('its commands are run here', () => {
  expect(commands).toHaveLength(5)
  for (const command of commands) expect(command).toMatch(/^resil reload/)
})

it.each(commands)('%s', async (command) => {
  expect(await run(command)).toBe(0)
})

it('its settings of a canary are ones', async () => {
  const dir = tempDir({ 'server.js': '', 'resilience.config.json': canary })
  expect(
    execFileSync(NODE, [join(root, 'bin/resil.js'), 'check'], { cwd: dir, env: cliEnv(), encoding: 'utf8' }),
  ).toContain('shop')
})

it('its deploy script brings a release, and puts the link back where the release is broken', async () => {
  expect(await run(deploy, packed(app('43')))).toBe(0)
  expect(readlinkSync(current)).toBe('releases/43')
  expect(await service.get()).toBe('43')
  const next = deploy.replaceAll('43', '44')
  const broken = packed('throw new Error("broken")')
  writeFileSync(join(broken, 'shop-44.tar.gz'), readFileSync(join(broken, 'shop-43.tar.gz')))
  expect(await run(next, broken)).toBe(1)
  expect(readlinkSync(current)).toBe('releases/43')
  expect(await service.get()).toBe('43')
})
