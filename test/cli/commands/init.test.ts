import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runInProcess } from '../../support/cli-in-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

const project = (more: Readonly<Record<string, string>> = {}): string =>
  tempDir({ 'package.json': '{"name":"@shop/api","main":"server.js"}', 'server.js': '', ...more })

test('a config is written that check takes', async () => {
  const dir = project({ 'node_modules/resil/dist/schema.json': '{}' })
  const { code, stdout, stderr } = await runInProcess(['init'], dir)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('wrote resilience.config.json: server.js (main of package.json)')
  expect(JSON.parse(readFileSync(join(dir, 'resilience.config.json'), 'utf8'))).toEqual({
    $schema: './node_modules/resil/dist/schema.json',
    name: 'api',
    script: 'server.js',
    instances: 'auto',
  })
  expect((await runInProcess(['check'], dir)).code).toBe(0)
})

test('with --dry-run it is only shown', async () => {
  const dir = project()
  const { code, stdout } = await runInProcess(['init', '--dry-run', '--format', 'mjs'], dir)
  expect(code).toBe(0)
  expect(stdout).toContain('export default {\n  name: "api",\n  script: "server.js",\n  instances: "auto",\n')
  expect(stdout).toContain('// restart: { window: { maxRestarts: 5 } },')
  expect(existsSync(join(dir, 'resilience.config.mjs'))).toBe(false)
})

test('a config that is there is never overwritten, unless forced', async () => {
  const dir = project({ 'resilience.config.json': '{"instances":7}' })
  const { code, stderr } = await runInProcess(['init'], dir)
  expect(code).toBe(64)
  expect(stderr).toBe('resil: resilience.config.json: a config is there already; --force overwrites it\n')
  expect(readFileSync(join(dir, 'resilience.config.json'), 'utf8')).toBe('{"instances":7}')
  expect((await runInProcess(['init', '--force'], dir)).code).toBe(0)
  expect(readFileSync(join(dir, 'resilience.config.json'), 'utf8')).toContain('server.js')
})

test('beside a config of another kind none is written, forced or not', async () => {
  const dir = project({ '.resiliencerc': 'instances: 7' })
  for (const flags of [[], ['--force']]) {
    const { code, stderr } = await runInProcess(['init', ...flags], dir)
    expect(code).toBe(64)
    expect(stderr).toBe('resil: .resiliencerc: a config is there already; remove it first: only one is read\n')
  }
  expect(existsSync(join(dir, 'resilience.config.json'))).toBe(false)
})

test('without an entry the person is asked for one', async () => {
  const { code, stderr } = await runInProcess(['init'], tempDir())
  expect(code).toBe(64)
  expect(stderr).toMatch(/^resil: found no entry: .*name it: "resil init app\.js"\n$/)
})

test('a folder that can not be written is told in one line', async () => {
  const dir = project()
  chmodSync(dir, 0o555)
  // root may write everywhere.
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65_534)
  try {
    const { code, stderr } = await runInProcess(['init'], dir)
    expect(code).toBe(77)
    expect(stderr).toMatch(/^resil: can't write .*resilience\.config\.json: EACCES: permission denied.*\n$/)
  } finally {
    if (root) process.seteuid?.(0)
    chmodSync(dir, 0o755)
  }
})
