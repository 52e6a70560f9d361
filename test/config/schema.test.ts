import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { fromJSONSchema } from 'zod'
import * as z from 'zod/mini'
import { availability } from '../../src/config/fields/not-yet.ts'
import { walk } from '../../src/config/fields/walk-schema.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { appFields, gather, supervisorFields } from '../../src/config/layers/gather.ts'
import { lineOf } from '../../src/config/problems/problems.ts'
import { referencePage } from '../../src/config/reference.ts'
import { App, ConfigFile, Supervisor } from '../../src/config/schema.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example: unknown = JSON.parse(readFileSync(`${root}/resilience.config.example.json`, 'utf8'))

describe('every setting', () => {
  const all = [...walk(App), ...walk(Supervisor)]

  test.each(all.map((entry) => [entry.key, entry] as const))('%s is described in whole sentences', (_, { doc }) => {
    expect(doc.description).toMatch(/^\S.*[.?`]$/)
    expect(doc.expects.length).toBeGreaterThan(3)
  })

  test('has a default that its own schema takes', () => {
    for (const field of [...appFields, ...supervisorFields]) {
      if (field.default !== undefined) expect(z.safeParse(field.schema, field.default).success, field.key).toBe(true)
    }
  })

  test('without a default is one where that is meant', () => {
    const without = [...appFields, ...supervisorFields]
      .filter((field) => field.default === undefined && availability(field.key) === 'now')
      .map(({ key }) => key)
    expect(without).toEqual([
      'name',
      'script',
      'cwd',
      'shutdown.killAfter',
      'reload.canary.maxLagP99',
      'watchdogs.memory.soft',
      'watchdogs.memory.hard',
      'watchdogs.cpu.max',
      'watchdogs.eventLoop.delayP99',
      'watchdogs.eventLoop.utilization',
      'recycle.maxAge',
      'recycle.maxRequests',
      'probes.startup.http',
      'probes.startup.tcp',
      'probes.startup.exec',
      'probes.startup.ipc',
      'probes.liveness.http',
      'probes.liveness.tcp',
      'probes.liveness.exec',
      'probes.liveness.ipc',
      'probes.readiness.http',
      'probes.readiness.tcp',
      'probes.readiness.exec',
      'probes.readiness.ipc',
      'hooks.onCrash.exec',
      'hooks.onCrash.webhook',
      'hooks.onExhausted.exec',
      'hooks.onExhausted.webhook',
      'hooks.onIncident.exec',
      'hooks.onIncident.webhook',
      'hooks.onReload.exec',
      'hooks.onReload.webhook',
      'admin.token',
      'stateDir',
      'log.file',
    ])
  })

  test('of a supervisor is none of an app, but for the name', () => {
    const own = new Set(appFields.map(({ key }) => key))
    expect(supervisorFields.filter(({ key }) => own.has(key))).toEqual([])
  })
})

describe('the JSON schema', () => {
  const schema = jsonSchema()
  // A second reader of the schema, from the written document alone.
  const read = fromJSONSchema(schema as Parameters<typeof fromJSONSchema>[0])

  test('takes the example, and nothing unknown at any level', () => {
    expect(read.safeParse(example).success).toBe(true)
    expect(read.safeParse({ ...(example as object), instnaces: 1 }).success).toBe(false)
    expect(read.safeParse({ ready: { tiemout: '1s' } }).success).toBe(false)
    expect(read.safeParse({ apps: [{ restart: { window: { widthin: 1 } } }] }).success).toBe(false)
  })

  test.each<unknown>([
    { instances: 0 },
    { instances: 'many' },
    { ready: { timeout: '30x' } },
    { ready: { timeout: '30' } },
    { ready: { timeout: -1 } },
    { log: { maxSize: '64s' } },
    { restart: { policy: 'sometimes' } },
    { restart: { backoff: { jitter: 2 } } },
    { name: 'my app' },
    { apps: [] },
  ])('refuses %j, as resil does', (raw) => {
    expect(read.safeParse(raw).success).toBe(false)
    expect(z.safeParse(ConfigFile, raw).success).toBe(false)
  })

  test.each<unknown>([
    {},
    { instances: 'max', ready: { timeout: '1.5m' }, log: { maxSize: '1GiB' } },
    { shutdown: { deadline: 25_000, readinessDelay: '0' } },
    { args: '--port 3000', envFile: ['a', 'b'], env: { A: 1, B: true } },
  ])('takes %j, as resil does', (raw) => {
    expect(read.safeParse(raw).success).toBe(true)
    expect(z.safeParse(ConfigFile, raw).success).toBe(true)
  })

  test('carries words, units and defaults', () => {
    const text = JSON.stringify(schema)
    expect(schema.additionalProperties).toBe(false)
    expect(text).toContain('A number counts milliseconds.')
    expect(text).toContain('"default":"30s"')
    expect(text).toContain('Reload when these files change; `true`: the folder of the app. Not available yet.')
  })
})

describe('what is generated', () => {
  test('is what was committed: else run "node scripts/write-schema.js --docs"', () => {
    expect(readFileSync(`${root}/docs/reference/config.md`, 'utf8')).toBe(referencePage())
  })

  test('names every setting', () => {
    const page = referencePage()
    for (const { key } of [...appFields, ...supervisorFields]) expect(page).toContain(`| \`${key}\` |`)
  })
})

test('the example is right, and asks for nothing that is not available yet', () => {
  const config = { file: '/srv/c.json', where: 'c.json', prefix: [], raw: example, ignored: [] }
  expect(gather({ config, env: {}, flags: {} }).problems.map(lineOf)).toEqual([])
})

test('the example shows every group of settings that is available', () => {
  const text = JSON.stringify(example)
  const groups = [...walk(App), ...walk(Supervisor)].filter(({ group, key }) => group && availability(key) === 'now')
  for (const { path } of groups) expect(text).toContain(`"${path.at(-1)}":`)
})
