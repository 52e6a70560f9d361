// The main job on real processes: workers that die come back by the law, and nothing is left behind.

import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, cliEnv, runCli, tempDir } from '../support/cli.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { fixture, freePort, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

describe.each(nodesUnderTest)('on Node $version', ({ path: node }) => {
  it('replaces a worker that was killed, and goes on serving', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '2'] })
    await service.event('app.running')
    const { pid } = JSON.parse(await service.get())
    process.kill(pid, 'SIGKILL')
    const { exit, after, worker } = await service.event('worker.exited')
    expect({ kind: exit.kind, signal: exit.signal, after, pid: worker.pid }).toEqual({
      kind: 'signal',
      signal: 'SIGKILL',
      after: { do: 'restart', delayMs: 0 },
      pid,
    })
    await service.event('worker.ready', ({ worker: { id } }) => id === 3)
    expect(JSON.parse(await service.get()).pid).not.toBe(pid)
    const status = await service.status()
    expect(status.apps[0]).toMatchObject({ state: 'running', ready: 2, restarts: 1, ports: [service.port] })
    expect(await service.stop()).toEqual({ code: 0, signal: null })
  })

  it.each(['server.mjs', 'server.ts'])('runs %s', async (entry) => {
    const service = await startService(fixture(entry), { node, args: ['-w', '1'] })
    await service.event('app.running')
    expect(await service.get()).toBe(entry === 'server.ts' ? 'typescript' : 'esm')
    await service.stop()
  })

  it('finishes requests in hand when Ctrl-C goes to the whole group, and exits 0', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '2'], group: true })
    await service.event('app.running')
    const answers = [service.get('/slow?ms=700'), service.get('/slow?ms=700'), service.get('/slow?ms=700')]
    // The request has to be in the workers' hands before the signal: another one that went after it has been answered.
    await service.get()
    service.signalGroup('SIGINT')
    for (const answer of await Promise.all(answers)) expect(JSON.parse(answer).pid).toBeGreaterThan(0)
    expect(await service.exit).toEqual({ code: 0, signal: null })
  })

  it('finishes requests in hand on SIGTERM', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '1'] })
    await service.event('app.running')
    const answer = service.get('/slow?ms=500')
    await service.get()
    const exit = service.stop('SIGTERM')
    expect(JSON.parse(await answer).pid).toBeGreaterThan(0)
    expect(await exit).toEqual({ code: 0, signal: null })
  })

  it('kills everything on the second signal, and says so in its exit code', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '1'] })
    await service.event('app.running')
    const cut = service.get('/slow?ms=20000').catch((error: NodeJS.ErrnoException) => error.code)
    await service.get()
    service.process.kill('SIGINT')
    await service.event('supervisor.stopping')
    // Not at once: that would be taken for the first one, arriving twice.
    await pause(500)
    service.process.kill('SIGINT')
    expect(await service.exit).toEqual({ code: 130, signal: null })
    expect(await cut).toBe('ECONNRESET')
  })

  it('takes a signal that arrives twice, as from timeout(1) or npm, for one', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '1'] })
    await service.event('app.running')
    const answer = service.get('/slow?ms=500')
    await service.get()
    service.process.kill('SIGTERM')
    service.process.kill('SIGINT')
    expect(JSON.parse(await answer).pid).toBeGreaterThan(0)
    expect(await service.exit).toEqual({ code: 0, signal: null })
  })

  it('leaves no idle worker when it is killed itself', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '3'] })
    await service.event('app.running')
    expect(await service.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
    await assertNoProcessLeft()
  })

  it('gives the app its arguments, folder, environment and node flags, and nothing of its own', async () => {
    const cwd = tempDir()
    const service = await startService(fixture('report.cjs'), {
      node,
      cwd,
      args: ['-w', '1', '--node-args', '--max-old-space-size=99'],
      appArgs: ['--color', 'a b'],
      env: { GREETING: 'hello' },
    })
    await service.event('app.running')
    const seen = JSON.parse(await service.get())
    expect(seen).toMatchObject({ cwd, args: ['--color', 'a b'], execArgv: ['--max-old-space-size=99'] })
    expect(seen.env.GREETING).toBe('hello')
    expect(seen.env).toEqual(cliEnv(service.env))
    await service.stop()
  })

  it.each([
    ['on-failure', 0, 0],
    ['never', 0, 0],
    ['never', 3, 3],
  ])('ends with a job under %s that ends with %i: exit %i', async (policy, code, expected) => {
    const cwd = tempDir({
      'resilience.config.json': JSON.stringify({
        name: 'job',
        script: fixture('job.cjs'),
        instances: 2,
        restart: { policy },
      }),
    })
    const service = await startService(null, { node, cwd, env: { JOB_CODE: String(code) } })
    expect(await service.exit).toEqual({ code: expected, signal: null })
    expect(service.events('worker.forked')).toHaveLength(2)
    expect(service.lines.filter((line) => line.includes('job done'))).toHaveLength(2)
  })

  it('gives up with exit 1 when the app never becomes ready, and shows its error once', async () => {
    const { code, stdout, stderr } = await runCli(['start', fixture('throws-at-boot.cjs'), '-w', '4'], {
      node,
      env: { RESIL_RUNTIME_DIR: tempDir() },
    })
    expect(code).toBe(1)
    // Beside it only the line that names the incident quotes it.
    expect(`${stdout}${stderr}`.match(/(?<!\()Error: no database configured/g)).toHaveLength(1)
  })

  it('slows a crash loop down, opens the gate, and exits 70 once nothing has been ready for a minute', async () => {
    const cwd = tempDir({
      'resilience.config.json': JSON.stringify({
        name: 'loop',
        script: fixture('dies-when-ready.cjs'),
        instances: 2,
        restart: { backoff: { initial: 50, max: 100 }, window: { maxRestarts: 3 }, onExhausted: 'exit' },
      }),
    })
    const service = await startService(null, { node, cwd })
    expect(await service.exit).toEqual({ code: 70, signal: null })
    expect(service.events('gate.opened').length).toBeGreaterThan(0)
    const waits = service
      .events('worker.exited')
      .flatMap(({ after }) => (after.do === 'restart' ? [after.delayMs] : []))
    expect(waits).toEqual(expect.arrayContaining([0]))
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(50)
  })

  it('waits for the ready message where it is told to, though the app listens before', async () => {
    const script = fixture('ready-message.cjs')
    const cwd = tempDir({
      'resilience.config.json': JSON.stringify({ script, instances: 1, ready: { on: 'message' } }),
    })
    const service = await startService(null, { node, cwd })
    const ready = await service.event('worker.ready')
    expect(ready.by).toBe('message')
    expect(ready.bootMs).toBeGreaterThanOrEqual(300)
    await service.stop()
  })
})

it('tells the second of two apps that want one port, and which port it is', async () => {
  const port = await freePort()
  const app = (name: string) => ({ name, script: fixture('server.cjs'), instances: 1, env: { PORT: String(port) } })
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ apps: [app('first'), { ...app('second'), dependsOn: ['first'] }] }),
  })
  const service = await startService(null, { cwd })
  const failed = await service.event('worker.listenFailed')
  expect(failed).toMatchObject({ code: 'EADDRINUSE', port, worker: { app: 'second' } })
  await service.event('app.failed', ({ app: name }) => name === 'second')
  expect((await service.status()).apps.map(({ name, state }) => [name, state])).toEqual([
    ['first', 'running'],
    ['second', 'failed'],
  ])
  await service.stop()
})

it('keeps the settings of one app out of the other', async () => {
  const ports = [await freePort(), await freePort()]
  const cwd = tempDir({
    'a/.keep': '',
    'b/.keep': '',
    'resilience.config.json': JSON.stringify({
      apps: [
        {
          name: 'a',
          script: fixture('report.cjs'),
          instances: 1,
          cwd: 'a',
          args: ['one'],
          nodeArgs: ['--no-deprecation'],
          env: { PORT: String(ports[0]), ONLY_A: '1' },
        },
        { name: 'b', script: fixture('report.cjs'), instances: 1, cwd: 'b', env: { PORT: String(ports[1]) } },
      ],
    }),
  })
  const service = await startService(null, { cwd })
  await service.event('app.running', ({ app }) => app === 'a')
  await service.event('app.running', ({ app }) => app === 'b')
  const { get } = await import('../support/service.ts')
  const [a, b] = await Promise.all(ports.map(async (port) => JSON.parse(await get(port))))
  expect(a).toMatchObject({ cwd: `${cwd}/a`, args: ['one'], execArgv: ['--no-deprecation'] })
  expect(a.env.ONLY_A).toBe('1')
  expect(b).toMatchObject({ cwd: `${cwd}/b`, args: [], execArgv: [] })
  expect(b.env.ONLY_A).toBeUndefined()
  await service.stop()
})

it('starts apps after what they depend on, and stops them before', async () => {
  const ports = [await freePort(), await freePort()]
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      apps: [
        {
          name: 'web',
          script: fixture('server.cjs'),
          instances: 1,
          dependsOn: ['db'],
          env: { PORT: String(ports[0]) },
        },
        { name: 'db', script: fixture('server.cjs'), instances: 1, env: { PORT: String(ports[1]) } },
      ],
    }),
  })
  const service = await startService(null, { cwd })
  await service.event('app.running', ({ app }) => app === 'web')
  await service.stop()
  expect(service.events('app.running').map(({ app }) => app)).toEqual(['db', 'web'])
  expect(service.events('app.stopped').map(({ app }) => app)).toEqual(['web', 'db'])
})

it('stops by the deadline though a worker is blocked for good', async () => {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      name: 'stuck',
      script: fixture('ignores-signals.cjs'),
      instances: 1,
      shutdown: { deadline: '2s', killAfter: '500ms' },
    }),
  })
  const service = await startService(null, { cwd })
  await service.event('app.running')
  const cut = service.get('/hang').catch((error: NodeJS.ErrnoException) => error.code)
  await service.waitForLine('hangs')
  expect(await service.stop()).toEqual({ code: 0, signal: null })
  expect(service.events('supervisor.stopping')).toMatchObject([{ deadlineMs: 2_000 }])
  expect(service.events('worker.signalled').map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL'])
  expect(await cut).toBe('ECONNRESET')
})
