import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MachineFacts } from '../../src/config/machine-facts.ts'
import { type Resolved, type ResolveInput, resolveSettings } from '../../src/config/resolve.ts'
import { ResilError } from '../../src/errors.ts'
import { tempDir } from '../support/temp-dir.ts'

const machine: MachineFacts = {
  cpus: { count: 2, reason: '2 CPUs by cgroup quota (cpu.max 200000 100000)' },
  cpusByAffinity: { count: 8, reason: '8 CPUs by affinity' },
  memory: { limitBytes: null, reason: 'no memory limit' },
  container: 'none',
}

function resolveIn(cwd: string, input: Partial<ResolveInput> = {}): Promise<Resolved> {
  return resolveSettings({ flags: {}, env: {}, machine, nodeVersion: 'v20.20.2', ...input, cwd })
}

/** The lines that a person would read. */
async function linesOf(promise: Promise<unknown>): Promise<{ code: string; lines: string[] }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ResilError)) throw new Error(`expected a ResilError, got ${error}`)
  return { code: error.code, lines: [error.message, ...error.details] }
}

const config = (value: unknown, files: Readonly<Record<string, string>> = {}): string =>
  tempDir({ 'app.js': '', ...files, 'resilience.config.json': JSON.stringify(value) })

describe('an entry on the command line', () => {
  test('runs with defaults, in the folder of the caller', async () => {
    const dir = tempDir({ 'src/app.js': '', 'package.json': '{"name":"@shop/api"}' })
    const { settings, warnings } = await resolveIn(dir, { entry: 'src/app.js', args: ['--port', '1'] })
    expect(warnings).toEqual([])
    expect(settings).toEqual({
      name: 'api',
      dir,
      apps: [
        {
          name: 'api',
          script: join(dir, 'src/app.js'),
          realScript: join(dir, 'src/app.js'),
          args: ['--port', '1'],
          cwd: dir,
          nodeArgs: [],
          baseEnv: null,
          env: {},
          instances: 2,
          instancesReason: '2 CPUs by cgroup quota (cpu.max 200000 100000)',
          ready: { on: 'auto', timeoutMs: 30_000, minReadyMs: 1_000 },
          restart: {
            policy: 'always',
            backoff: { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: 0.25 },
            window: { maxRestarts: 5, withinMs: 60_000 },
            storm: { max: 'auto', halfLifeMs: 60_000 },
            stableAfterMs: 30_000,
            stopExitCodes: [78],
            onExhausted: 'probe',
          },
          shutdown: {
            deadlineMs: 25_000,
            signal: 'SIGTERM',
            killAfterMs: 2_000,
            readinessDelayMs: 0,
            idleWaitMs: 2_000,
          },
          reload: { surge: 1, maxUnavailable: 0, cooldownMs: 0, rollback: true, canary: null },
          standby: 0,
          watchdogs: {
            memory: {
              softBytes: null,
              hardBytes: null,
              sustainMs: 10_000,
              predict: true,
              action: 'replace',
              sharedBytes: null,
            },
            cpu: null,
            eventLoop: null,
            hang: { suspectAfterMs: 2_500, replaceAfterMs: 10_000, evidence: 'stack', action: 'auto' },
            descriptors: { share: 0.9, sustainMs: 10_000, action: 'auto' },
          },
          agentThread: false,
          fatalReport: false,
          heapLimitBytes: null,
          probes: { startup: null, liveness: null, readiness: null },
          recycle: null,
          dependsOn: [],
          sticky: false,
          hooks: {},
          reusePort: false,
          captureOutput: true,
          chaosAllowed: false,
        },
      ],
      schedule: 'round-robin',
      log: { level: 'info', format: 'pretty', maxSizeBytes: 64 * 1024 ** 2, maxFiles: 5 },
    })
  })

  test('"." means the main of package.json', async () => {
    const dir = tempDir({ 'package.json': '{"main":"server.js"}', 'server.js': '' })
    const { settings } = await resolveIn(dir, { entry: '.' })
    expect(settings.apps[0]?.script).toBe(join(dir, 'server.js'))
    expect(settings.name).toBe('server')
  })

  test('an entry behind a link keeps its name, and the release that the link points to now is remembered', async () => {
    const dir = tempDir({ 'releases/1/app.js': '' })
    symlinkSync('releases/1', join(dir, 'current'))
    const real = { script: join(dir, 'current/app.js'), realScript: join(dir, 'releases/1/app.js') }
    expect((await resolveIn(dir, { entry: 'current/app.js' })).settings.apps[0]).toMatchObject(real)
    const kept = await resolveIn(dir, { entry: 'current/app.js', flags: { nodeArgs: '--preserve-symlinks-main' } })
    expect(kept.settings.apps[0]).toMatchObject({ ...real, realScript: real.script })
  })

  test('leaves the config of the folder alone, and says so', async () => {
    const dir = config({ instances: 7 })
    const { settings, warnings } = await resolveIn(dir, { entry: 'app.js' })
    expect(settings.apps[0]?.instances).toBe(2)
    expect(settings.configFile).toBeUndefined()
    expect(warnings).toEqual([
      'the config in resilience.config.json is not read when an entry is named; add "-c resilience.config.json", or leave the entry out',
    ])
  })

  test('takes the place of the script in a config that is named', async () => {
    const dir = config({ script: 'gone.js', instances: 7 })
    const { settings } = await resolveIn(dir, { entry: 'app.js', configFile: 'resilience.config.json' })
    expect(settings.apps[0]).toMatchObject({ script: join(dir, 'app.js'), instances: 7 })
  })

  test('is refused beside several apps, and so are arguments', async () => {
    const dir = config({ apps: [{ script: 'app.js' }, { name: 'b', script: 'app.js' }] })
    const configFile = 'resilience.config.json'
    expect(await linesOf(resolveIn(dir, { entry: 'app.js', args: ['x'], configFile }))).toEqual({
      code: 'RESIL_USAGE',
      lines: [
        'app.js: resilience.config.json has 2 apps, each with its own script; leave the entry out',
        '--: resilience.config.json has 2 apps; write arguments as "args" of one of them',
      ],
    })
  })

  test.each([
    ['ap.js', 'ap.js: no such file; did you mean app.js?'],
    ['lib', 'lib: a folder without "main" in a package.json and without index.js; name the entry file'],
    ['notes', 'notes: no such file'],
  ])('that is no file (%s) is told in one line', async (entry, line) => {
    const dir = tempDir({ 'app.js': '' })
    mkdirSync(join(dir, 'lib'))
    expect(await linesOf(resolveIn(dir, { entry }))).toEqual({ code: 'RESIL_USAGE', lines: [line] })
  })

  test('that nobody may read is told in one line', async () => {
    const dir = tempDir({ 'app.js': '' })
    const { chmodSync } = await import('node:fs')
    chmodSync(dir, 0o755)
    chmodSync(join(dir, 'app.js'), 0o000)
    await asOrdinaryUser(async () => {
      expect(await linesOf(resolveIn(dir, { entry: 'app.js' }))).toEqual({
        code: 'RESIL_USAGE',
        lines: ['app.js: permission denied; let the user that resil runs as read it'],
      })
    })
  })
})

/** root may read everything: a test of permissions must not be root. */
async function asOrdinaryUser(run: () => Promise<void>): Promise<void> {
  const uid = process.geteuid?.()
  if (uid === 0) process.seteuid?.(65_534)
  try {
    await run()
  } finally {
    if (uid === 0) process.seteuid?.(0)
  }
}

describe('how many workers', () => {
  test.each<[Partial<ResolveInput>, number, string]>([
    [{}, 2, '2 CPUs by cgroup quota (cpu.max 200000 100000)'],
    [{ flags: { workers: '4' } }, 4, '-w 4'],
    [{ flags: { workers: 'auto' } }, 2, '2 CPUs by cgroup quota (cpu.max 200000 100000)'],
    [{ flags: { workers: 'max' } }, 8, 'max: 8 CPUs by affinity'],
    [{ env: { RESIL_INSTANCES: '3' } }, 3, 'RESIL_INSTANCES=3'],
    [{ env: { RESIL_INSTANCES: '3' }, flags: { workers: '4' } }, 4, '-w 4'],
    [{ flags: { workers: '1024' } }, 1024, '-w 1024'],
  ])('%j: %i, by %s', async (input, instances, instancesReason) => {
    const { settings } = await resolveIn(tempDir({ 'app.js': '' }), { entry: 'app.js', ...input })
    expect(settings.apps[0]).toMatchObject({ instances, instancesReason })
  })

  test('the file says its own reason', async () => {
    const { settings } = await resolveIn(config({ script: 'app.js', instances: 3 }))
    expect(settings.apps[0]?.instancesReason).toBe('instances in resilience.config.json')
  })

  test.each(['0', 'banana', '-1', '1.5', '1025', '', '1e2', '٣'])('-w %s is refused in one line', async (workers) => {
    const dir = tempDir({ 'app.js': '' })
    const { code, lines } = await linesOf(resolveIn(dir, { entry: 'app.js', flags: { workers } }))
    expect(code).toBe('RESIL_USAGE')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^-w: \S+ is not a number of workers: a whole number from 1 to 1024, "auto" or "max"$/)
  })
})

describe('the config of the folder', () => {
  test('gives several apps, with shared settings at the top', async () => {
    const dir = config(
      {
        name: 'shop',
        schedule: 'shared',
        shutdown: { deadline: '10s', killAfter: '1s' },
        env: { A: '1', B: 2 },
        log: { format: 'json', file: 'logs/x.log' },
        apps: [
          { name: 'api', script: 'app.js', env: { B: true }, shutdown: { deadline: '20s' }, dependsOn: ['web'] },
          { script: 'index.js', cwd: 'web', log: { capture: false } },
        ],
      },
      { 'web/package.json': '{"name":"web"}', 'web/index.js': '' },
    )
    const { settings, warnings } = await resolveIn(dir)
    expect(warnings).toEqual([
      'schedule "shared": workers accept for themselves, so load may be uneven, and no worker can be taken out of rotation',
    ])
    expect(settings).toMatchObject({
      name: 'shop',
      dir,
      configFile: join(dir, 'resilience.config.json'),
      schedule: 'shared',
      log: { format: 'json', file: join(dir, 'logs/x.log') },
    })
    expect(settings.apps).toMatchObject([
      {
        name: 'api',
        cwd: dir,
        env: { A: '1', B: 'true' },
        shutdown: { deadlineMs: 20_000, killAfterMs: 1_000 },
        captureOutput: true,
        dependsOn: ['web'],
      },
      {
        name: 'web',
        cwd: join(dir, 'web'),
        script: join(dir, 'web/index.js'),
        env: { A: '1', B: '2' },
        shutdown: { deadlineMs: 10_000, killAfterMs: 1_000 },
        captureOutput: false,
      },
    ])
  })

  test('needs no script where package.json has a main', async () => {
    const dir = config({ instances: 1 }, { 'package.json': '{"name":"x","main":"app.js"}' })
    expect((await resolveIn(dir)).settings.apps[0]).toMatchObject({ name: 'x', script: join(dir, 'app.js') })
  })

  test('is found relative to -c, and so are its paths', async () => {
    const dir = tempDir({
      'deploy/prod.yaml': 'script: ../app.js\nenvFile: prod.env\n',
      'deploy/prod.env': 'A=1',
      'app.js': '',
    })
    const { settings } = await resolveIn(dir, { configFile: 'deploy/prod.yaml' })
    expect(settings).toMatchObject({ dir: join(dir, 'deploy'), configFile: join(dir, 'deploy/prod.yaml') })
    expect(settings.apps[0]).toMatchObject({ script: join(dir, 'app.js'), cwd: join(dir, 'deploy'), env: { A: '1' } })
  })

  test('env wins over envFile, and a later file over an earlier one', async () => {
    const dir = config(
      { script: 'app.js', env: { A: 'env' }, envFile: ['1.env', '2.env'] },
      { '1.env': 'A=1\nB=1\nC=1', '2.env': 'A=2\nB=2' },
    )
    expect((await resolveIn(dir)).settings.apps[0]?.env).toEqual({ A: 'env', B: '2', C: '1' })
  })

  test('paths in flags and variables are relative to the caller', async () => {
    const dir = tempDir({ 'deploy/c.json': '{"script":"x.js"}', 'deploy/x.js': '', 'my.env': 'A=1' })
    const { settings } = await resolveIn(dir, {
      configFile: 'deploy/c.json',
      flags: { envFile: 'my.env', socket: 'my.sock' },
      env: { RESIL_LOG_FILE: 'my.log' },
    })
    expect(settings.apps[0]?.env).toEqual({ A: '1' })
    expect(settings.log.file).toBe(join(dir, 'my.log'))
    expect(settings.socket).toBe(join(dir, 'my.sock'))
  })

  test('wins over defaults, the environment over the file, flags over all', async () => {
    const dir = config({
      script: 'app.js',
      name: 'file',
      instances: 5,
      log: { format: 'pretty' },
      ready: { timeout: '5s' },
    })
    const { settings } = await resolveIn(dir, {
      env: { RESIL_NAME: 'env', RESIL_INSTANCES: '6', RESIL_READY_TIMEOUT: '6s', RESIL_SOCKET: '/run/a.sock' },
      flags: { workers: '7', name: 'flag', jsonLogs: true },
    })
    expect(settings).toMatchObject({ name: 'flag', log: { format: 'json' }, socket: '/run/a.sock' })
    expect(settings.apps[0]).toMatchObject({ name: 'flag', instances: 7, ready: { timeoutMs: 6_000 } })
  })

  test('of several apps, --name names the supervisor only', async () => {
    const dir = config(
      {
        apps: [
          { name: 'a', script: 'app.js' },
          { name: 'b', script: 'app.js' },
        ],
      },
      {
        'package.json': '{"name":"both"}',
      },
    )
    expect((await resolveIn(dir)).settings.name).toBe('both')
    const { settings } = await resolveIn(dir, { flags: { name: 'mine' } })
    expect([settings.name, ...settings.apps.map(({ name }) => name)]).toEqual(['mine', 'a', 'b'])
  })

  test('that is not there leaves nothing to start', async () => {
    const dir = tempDir({ 'package.json': '{"main":"app.js"}', 'app.js': '' })
    expect(await linesOf(resolveIn(dir))).toEqual({
      code: 'RESIL_USAGE',
      lines: [
        `no entry given and no config in ${dir}; name the entry ("resil start ."), or write a config ("resil init")`,
      ],
    })
  })

  test('beside another one says which is not read', async () => {
    const dir = config({ script: 'app.js' }, { '.resiliencerc': 'script: app.js' })
    expect((await resolveIn(dir)).warnings).toEqual(['.resiliencerc is not read: resilience.config.json comes first'])
  })
})

describe('what is wrong', () => {
  test('is told all at once: file, variables and flags', async () => {
    const dir = config({ instances: 0, ready: { timeout: '30x' } })
    const { code, lines } = await linesOf(
      resolveIn(dir, { env: { RESIL_LOG_LEVEL: 'loud' }, flags: { schedule: 'fair' } }),
    )
    expect(code).toBe('RESIL_CONFIG')
    expect(lines.map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      'resilience.config.json: instances',
      'resilience.config.json: ready.timeout',
      'RESIL_LOG_LEVEL: "loud" is not one of "debug", "info", "warn", "error", "silent"',
      '--schedule: "fair" is not one of "round-robin", "shared"',
    ])
  })

  test('between and within apps is told all at once too', async () => {
    const dir = config({
      shutdown: { killAfter: '30s' },
      apps: [
        { name: 'a', script: 'ap.js', dependsOn: ['b'] },
        { name: 'b', script: 'app.js', dependsOn: ['a'], shutdown: { deadline: '40s' }, envFile: 'x.env' },
        { name: 'a', cwd: 'nowhere', dependsOn: ['c'] },
      ],
    })
    const { code, lines } = await linesOf(resolveIn(dir))
    expect(code).toBe('RESIL_CONFIG')
    expect(lines).toEqual([
      'resilience.config.json: shutdown.killAfter: 30s must be shorter than shutdown.deadline (25s)',
      'resilience.config.json: apps[0].script: "ap.js": no such file; did you mean app.js?',
      `resilience.config.json: apps[1].envFile: "x.env": no file x.env in ${dir}`,
      `resilience.config.json: apps[2].cwd: "nowhere": no folder ${dir}/nowhere`,
      'resilience.config.json: apps[2].name: "a" is also the name of apps[0]; give each app a name of its own',
      'resilience.config.json: apps[2].dependsOn: "c" is no app here (apps are b)',
      'resilience.config.json: apps[0].dependsOn: a circle: a → b → a',
    ])
  })

  test('names the variable that clashes with a default', async () => {
    const dir = tempDir({ 'app.js': '' })
    const env = { RESIL_SHUTDOWN_KILL_AFTER: '30s' }
    expect(await linesOf(resolveIn(dir, { entry: 'app.js', env }))).toEqual({
      code: 'RESIL_CONFIG',
      lines: ['RESIL_SHUTDOWN_KILL_AFTER: 30s must be shorter than shutdown.deadline (25s)'],
    })
  })

  test('names the setting that was written when the message is about another', async () => {
    const dir = tempDir({ 'app.js': '' })
    const env = { RESIL_RESTART_BACKOFF_MAX: '500ms' }
    expect((await linesOf(resolveIn(dir, { entry: 'app.js', env }))).lines).toEqual([
      'RESIL_RESTART_BACKOFF_MAX: restart.backoff.initial: 1s must not be longer than restart.backoff.max (500ms)',
    ])
  })

  test('with TypeScript is told with the way out', async () => {
    const dir = tempDir({ 'app.ts': '' })
    expect((await linesOf(resolveIn(dir, { entry: 'app.ts' }))).lines).toEqual([
      'app.ts: Node 20.20.2 can\'t run TypeScript by itself; run "npm install tsx" in the project, or use Node 22.18 or later',
    ])
    const { settings } = await resolveIn(dir, { entry: 'app.ts', nodeVersion: 'v22.18.0' })
    expect(settings.apps[0]?.nodeArgs).toEqual([])
  })
})

describe('in a container', () => {
  const inContainer = (container: MachineFacts['container']): Promise<Resolved> =>
    resolveIn(tempDir({ 'app.js': '' }), { entry: 'app.js', machine: { ...machine, container } })

  test('a stop has to be done before docker kills', async () => {
    expect((await inContainer('container')).settings.apps[0]?.shutdown).toMatchObject({
      deadlineMs: 8_000,
      killAfterMs: 2_000,
    })
  })

  test('Kubernetes gives the time of a machine', async () => {
    expect((await inContainer('kubernetes')).settings.apps[0]?.shutdown.deadlineMs).toBe(25_000)
  })

  test('what was written holds', async () => {
    const dir = config({ script: 'app.js', shutdown: { deadline: '20s' } })
    const { settings } = await resolveIn(dir, { machine: { ...machine, container: 'container' } })
    expect(settings.apps[0]?.shutdown.deadlineMs).toBe(20_000)
  })
})

describe('reusePort', () => {
  test('names the Node that it needs', async () => {
    const dir = config({ script: 'app.js', reusePort: true })
    expect((await linesOf(resolveIn(dir, { nodeVersion: 'v22.11.0', platform: 'linux' }))).lines).toEqual([
      'resilience.config.json: reusePort: needs Node 22.12 or later (this is 22.11.0)',
    ])
    expect((await linesOf(resolveIn(dir, { nodeVersion: 'v24.0.0', platform: 'darwin' }))).lines).toEqual([
      'resilience.config.json: reusePort: needs Linux (this is darwin)',
    ])
    const { settings } = await resolveIn(dir, { nodeVersion: 'v22.12.0', platform: 'linux' })
    expect(settings.apps[0]?.reusePort).toBe(true)
  })

  test('is not sticky', async () => {
    const dir = config({ script: 'app.js', reusePort: true, sticky: true })
    expect((await linesOf(resolveIn(dir, { nodeVersion: 'v24.0.0', platform: 'linux' }))).lines).toEqual([
      'resilience.config.json: sticky: with reusePort the kernel chooses the worker, and it knows no stickiness; choose one of the two',
    ])
  })
})

test('sticky is refused where the kernel chooses the worker', async () => {
  const dir = config({ script: 'app.js', schedule: 'shared', sticky: true })
  expect((await linesOf(resolveIn(dir))).lines).toEqual([
    'resilience.config.json: sticky: needs schedule "round-robin": under "shared" the kernel chooses the worker, and it knows no stickiness',
  ])
})
