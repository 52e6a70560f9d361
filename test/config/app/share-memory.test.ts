import { describe, expect, test } from 'vitest'
import { explain } from '../../../src/config/explain.ts'
import type { MachineFacts } from '../../../src/config/machine-facts.ts'
import { resolveSettings } from '../../../src/config/resolve.ts'
import { tempDir } from '../../support/temp-dir.ts'

const MB = 2 ** 20

async function resolved(
  limitMb: number | null,
  config: object,
  more: { flags?: object; env?: Record<string, string> } = {},
) {
  const machine: MachineFacts = {
    cpus: { count: 2, reason: '2 CPUs by affinity' },
    cpusByAffinity: { count: 2, reason: '2 CPUs by affinity' },
    memory: { limitBytes: limitMb === null ? null : limitMb * MB, reason: `${limitMb}mb by cgroup limit (memory.max)` },
    container: 'none',
  }
  const cwd = tempDir({ 'app.js': '', 'resilience.config.json': JSON.stringify({ script: 'app.js', ...config }) })
  const { settings, origins } = await resolveSettings({
    cwd,
    machine,
    nodeVersion: 'v20.20.2',
    flags: {},
    env: {},
    ...more,
  })
  const rows = explain(origins)
  return {
    apps: settings.apps.map(({ watchdogs, heapLimitBytes }) => ({
      soft: watchdogs.memory?.softBytes == null ? null : watchdogs.memory.softBytes / MB,
      hard: watchdogs.memory?.hardBytes == null ? null : watchdogs.memory.hardBytes / MB,
      shared: watchdogs.memory?.sharedBytes == null ? null : watchdogs.memory.sharedBytes / MB,
      heap: heapLimitBytes === null ? null : heapLimitBytes / MB,
    })),
    explained: (key: string) => rows.find((row) => row.key === key && row.app !== null),
  }
}

describe('in a container with a memory limit', () => {
  test("each worker's limits come from its share, the supervisor and a surge worker counted", async () => {
    const { apps, explained } = await resolved(1024, {})
    // (1024 − 64) / (2 + 1) = 320
    expect(apps).toEqual([{ soft: 256, hard: 294, shared: 960, heap: 320 }])
    expect(explained('watchdogs.memory.hard')).toMatchObject({
      text: '294mb',
      originText: 'default (92 % of 320mb, the share of 1024mb by cgroup limit (memory.max) for each of 3 processes)',
    })
    expect(explained('nodeArgs')).toMatchObject({ text: '--max-old-space-size=320' })
  })

  test('all apps share it', async () => {
    const apps = [
      { name: 'a', script: 'app.js', instances: 2 },
      { name: 'b', script: 'app.js', instances: 3, reload: { surge: 2 } },
    ]
    // (4160 − 64) / (2 + 1 + 3 + 2) = 512
    const found = (await resolved(4160, { script: undefined, apps })).apps
    expect(found).toEqual([
      { soft: 409, hard: 471, shared: 4096, heap: 512 },
      { soft: 409, hard: 471, shared: 4096, heap: 512 },
    ])
  })

  test('too small a share says nothing about leaks: no limits', async () => {
    expect((await resolved(512, {})).apps).toEqual([{ soft: null, hard: null, shared: 448, heap: null }])
  })

  test('written limits stay as they are, and V8 as it is', async () => {
    const written = await resolved(1024, { watchdogs: { memory: { hard: '200mb' } } })
    expect(written.apps).toEqual([{ soft: 174, hard: 200, shared: null, heap: null }])
    expect((await resolved(1024, { watchdogs: { memory: { soft: '90mb' } } })).apps[0]).toMatchObject({
      soft: 90,
      hard: null,
    })
  })

  test.each([
    [{ nodeArgs: ['--max-old-space-size=100'] }, {}],
    [{ nodeArgs: '--max_old_space_size=100' }, {}],
    [{ env: { NODE_OPTIONS: '--max-old-space-size=100' } }, {}],
    [{}, { NODE_OPTIONS: '--inspect --max-old-space-size=100' }],
    [{ watchdogs: { memory: { action: 'report' } } }, {}],
  ])("a heap limit of the person's own stays: %j %j", async (config, env) => {
    const { apps } = await resolved(1024, config, { env })
    expect(apps[0]).toMatchObject({ hard: 294, heap: null })
  })

  test('off is off', async () => {
    expect((await resolved(1024, { watchdogs: { memory: { action: 'off' } } })).apps[0]).toMatchObject({
      heap: null,
      hard: null,
    })
  })
})

test('without a limit there is none, until one is written', async () => {
  expect((await resolved(null, {})).apps).toEqual([{ soft: null, hard: null, shared: null, heap: null }])
  expect((await resolved(null, {}, { flags: { maxMemory: '512M' } })).apps).toEqual([
    { soft: 445.4399995803833, hard: 512, shared: null, heap: null },
  ])
})
