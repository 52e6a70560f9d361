import { describe, expect, test } from 'vitest'
import { runInProcess } from '../../support/cli-in-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

const shop = (config: unknown): string =>
  tempDir({ 'api.js': '', 'web.js': '', 'resilience.config.json': JSON.stringify(config) })

describe('a config that is right', () => {
  const dir = shop({
    env: { TOKEN: 'hunter2' },
    apps: [
      { script: 'api.js', instances: 2 },
      { script: 'web.js', instances: 1 },
    ],
  })

  test('is summed up', async () => {
    const { code, stdout, stderr } = await runInProcess(['check'], dir)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      `${dir}/resilience.config.json: ok`,
      `  api: 2 workers of ${dir}/api.js (apps[0].instances in resilience.config.json)`,
      `  web: 1 worker of ${dir}/web.js (apps[1].instances in resilience.config.json)`,
      '',
    ])
  })

  test('is explained value by value, without secrets', async () => {
    const { code, stdout } = await runInProcess(['check', '--explain'], dir, { RESIL_READY_TIMEOUT: '9s' })
    expect(code).toBe(0)
    const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))
    expect(lines).toEqual(expect.arrayContaining(['supervisor', 'api', 'web', 'schedule | round-robin | default']))
    expect(lines.filter((line) => line === 'ready.timeout | 9s | RESIL_READY_TIMEOUT')).toHaveLength(2)
    expect(lines).toContain('instances | 2 | resilience.config.json: apps[0].instances')
    expect(lines).toContain('env | TOKEN | resilience.config.json: env')
    expect(stdout).not.toContain('hunter2')
  })

  test('is one JSON document for scripts', async () => {
    const { stdout } = await runInProcess(['check', '--explain', '--json'], dir)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({
      ok: true,
      configFile: `${dir}/resilience.config.json`,
      warnings: [],
      apps: [
        { name: 'api', script: `${dir}/api.js`, instances: 2 },
        { name: 'web', instances: 1 },
      ],
    })
    expect(document.settings).toContainEqual({
      app: 'api',
      key: 'shutdown.killAfter',
      value: 2_000,
      text: '2s',
      origin: { from: 'default', reason: null },
      from: 'default',
    })
    expect(stdout).not.toContain('hunter2')
  })
})

describe('a config that is wrong', () => {
  const dir = shop({ apps: [{ script: 'api.js', restart: { window: { within: '30x' } } }, { instnaces: 1 }] })
  const lines = [
    'resilience.config.json: apps[0].restart.window.within: "30x" is not a duration: unit "x" is unknown (use ms, s, m, h or d)',
    'resilience.config.json: apps[1].instnaces: unknown setting; did you mean "instances"?',
  ]

  test('has all its errors told, one line each, and exit code 78', async () => {
    const { code, stdout, stderr } = await runInProcess(['check'], dir)
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr).toBe(`resil: ${lines.join('\n')}\n`)
  })

  test('is one JSON document too', async () => {
    const { code, stdout, stderr } = await runInProcess(['check', '--json'], dir)
    expect({ code, stderr }).toEqual({ code: 78, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      code: 'RESIL_CONFIG',
      problems: lines,
      error: { exitCode: 78 },
    })
  })

  test('because its entry is not there is told by the field', async () => {
    const { code, stderr } = await runInProcess(['check'], shop({ script: 'appi.js' }))
    expect(code).toBe(78)
    expect(stderr).toBe('resil: resilience.config.json: script: "appi.js": no such file; did you mean api.js?\n')
  })
})

test('another config than the usual is checked by -c, and an entry without one', async () => {
  const dir = tempDir({ 'deploy/prod.yaml': 'script: ../app.js\ninstances: 1\n', 'app.js': '' })
  expect((await runInProcess(['check', '-c', 'deploy/prod.yaml'], dir)).stdout).toContain('deploy/prod.yaml: ok')
  expect((await runInProcess(['check', 'app.js'], dir)).stdout).toMatch(/^app: ok\n {2}app: \d+ workers? of .*app\.js/)
})

test('nothing to check is a usage error', async () => {
  const { code, stderr } = await runInProcess(['check'], tempDir())
  expect(code).toBe(64)
  expect(stderr).toMatch(/^resil: no entry given and no config in .*\n$/)
})

test('what is odd but works is told on stderr', async () => {
  const dir = tempDir({ 'api.js': '', 'resilience.config.json': '{"script":"api.js"}', '.resiliencerc': '' })
  const { code, stderr } = await runInProcess(['check'], dir, { RESIL_INSTANCE: '1' })
  expect(code).toBe(0)
  expect(stderr.split('\n')).toEqual([
    'resil: RESIL_INSTANCE is not read; did you mean RESIL_INSTANCES?',
    'resil: .resiliencerc is not read: resilience.config.json comes first',
    '',
  ])
})
