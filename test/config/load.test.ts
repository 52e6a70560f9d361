import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configIn, findConfig, loadConfig } from '../../src/config/load.ts'
import { ResilError } from '../../src/errors.ts'
import { tempDir } from '../support/temp-dir.ts'

async function lineOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ResilError)) throw new Error(`expected a ResilError, got ${error}`)
  expect(error.code).toBe('RESIL_CONFIG')
  expect(error.message).not.toContain('\n')
  return error.message
}

describe('the search', () => {
  test.each([
    ['resilience.config.json', '{"instances":3}'],
    ['resilience.config.yaml', 'instances: 3'],
    ['resilience.config.yml', 'instances: 3'],
    ['.resiliencerc', 'instances: 3'],
    ['.resiliencerc', '{"instances":3}'],
    ['.resiliencerc.json', '\uFEFF{"instances":3}'],
    ['.resiliencerc.yaml', 'instances: 3'],
    ['.resiliencerc.yml', 'instances: 3'],
  ])('reads %s', async (name, text) => {
    const dir = tempDir({ [name]: text })
    expect(await findConfig(dir, dir)).toEqual({
      file: join(dir, name),
      where: name,
      prefix: [],
      raw: { instances: 3 },
      ignored: [],
    })
  })

  test('reads the key of package.json, unless there is none', async () => {
    const dir = tempDir({ 'package.json': '{"name":"x","resilience":{"instances":3}}' })
    expect(await findConfig(dir, dir)).toMatchObject({ prefix: ['resilience'], raw: { instances: 3 } })
    const without = tempDir({ 'package.json': '{"name":"resilience"}' })
    expect(await findConfig(without, without)).toBeNull()
  })

  test('takes the first and names the others', async () => {
    const dir = tempDir({
      'resilience.config.json': '{}',
      'resilience.config.yaml': 'broken: [',
      '.resiliencerc': '',
      'package.json': '{"resilience":{}}',
    })
    expect(configIn(dir)).toEqual(['resilience.config.json', 'resilience.config.yaml', '.resiliencerc', 'package.json'])
    expect((await findConfig(dir, dir))?.ignored).toEqual(['resilience.config.yaml', '.resiliencerc', 'package.json'])
  })

  test('does not walk upwards, and finds nothing in an empty or missing folder', async () => {
    const dir = tempDir({ 'resilience.config.json': '{}', 'sub/x': '' })
    expect(await findConfig(join(dir, 'sub'), dir)).toBeNull()
    expect(await findConfig(join(dir, 'gone'), dir)).toBeNull()
  })
})

describe('a file that is wrong', () => {
  test.each([
    ['c.json', '{\n  "a": 1,\n}', 'c.json:2:9: a trailing comma: JSON allows none'],
    ['c.yaml', 'a: 1\nb: [1, 2', 'c.yaml:3:1: unexpected end of the stream within a flow collection'],
    ['c.yaml', 'a: 1\na: 2', 'c.yaml:2:1: duplicated mapping key'],
    ['c.yaml', 'a:\n\t- b', /^c\.yaml:2:\d+: .+/],
    ['c.json', '', 'c.json: is empty; "resil init" writes one to start from'],
    ['c.yaml', '# nothing\n', 'c.yaml: is empty; "resil init" writes one to start from'],
    ['c.json', 'null', 'c.json: is empty; "resil init" writes one to start from'],
    ['c.json', '[1]', 'c.json: holds [1] where an object of settings is expected'],
    ['c.yaml', 'app.js', 'c.yaml: holds "app.js" where an object of settings is expected'],
    ['package.json', '{}', 'package.json: has no "resilience" key'],
    ['c.toml', 'a = 1', 'c.toml: .toml is no format that resil reads; use .json, .yaml, .yml, .js, .mjs, .cjs, .ts'],
  ])('%s %j is told with its place', async (name, text, line) => {
    const dir = tempDir({ [name]: text })
    const told = await lineOf(loadConfig(name, dir))
    if (typeof line === 'string') expect(told).toBe(line)
    else expect(told).toMatch(line)
  })

  test('that is missing is told with the one that is there', async () => {
    const dir = tempDir({ 'deploy/resilience.config.yaml': '' })
    expect(await lineOf(loadConfig('deploy/resilience.config.json', dir))).toBe(
      'deploy/resilience.config.json: no such file; did you mean deploy/resilience.config.yaml?',
    )
    expect(await lineOf(loadConfig('x.json', dir))).toBe('x.json: no such file')
    expect(await lineOf(loadConfig('deploy', dir))).toBe('deploy: is a folder; name the config file in it')
    expect(await lineOf(loadConfig('/gone/x.json', dir))).toBe('/gone/x.json: no such file')
  })

  test('that nobody may read is told, not skipped', async () => {
    const dir = tempDir({ 'resilience.config.json': '{}', '.resiliencerc': 'instances: 1' })
    chmodSync(dir, 0o755)
    chmodSync(join(dir, 'resilience.config.json'), 0o000)
    const root = process.geteuid?.() === 0
    if (root) process.seteuid?.(65_534)
    try {
      expect(await lineOf(findConfig(dir, dir))).toBe("resilience.config.json: can't be read: permission denied")
    } finally {
      if (root) process.seteuid?.(0)
    }
  })
})

test('a file that changed is read again', async () => {
  const dir = tempDir({ 'c.json': '{"instances":1}' })
  expect((await loadConfig('c.json', dir)).raw).toEqual({ instances: 1 })
  writeFileSync(join(dir, 'c.json'), '{"instances":2}')
  expect((await loadConfig('c.json', dir)).raw).toEqual({ instances: 2 })
})
