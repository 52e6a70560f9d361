// What looks like a hang and is none: nobody may be killed for it. Longer and harder in test/campaign/false-kills.js.

import { spawn } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { openInspectorSession } from '../../../src/process/evidence/inspector-session.ts'
import { assertNoProcessLeft } from '../../support/cli.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, type Service, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

// Most of what is done here is to let time pass, so the tests do it together.
afterAll(() => assertNoProcessLeft())

const REPLACE_AFTER_MS = 3_000
const hang = { suspectAfter: '1.5s', replaceAfter: REPLACE_AFTER_MS }
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function serving(node: string, config: object = {}): Promise<Service> {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      name: 'web',
      script: fixture('blocks.cjs'),
      instances: 2,
      watchdogs: { hang },
      ...config,
    }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  // One that has never been heard of has more time: as long as a boot.
  while ((await service.status()).apps[0]?.workers.some(({ heapUsed }) => heapUsed === null));
  return service
}

const liveness = { ipc: true, interval: '1s', timeout: '1s', failureThreshold: 3 }

/** The same two workers, ready, and nothing that was done to them. */
async function expectUnharmed(service: Service): Promise<void> {
  const [app] = (await service.status()).apps
  expect(app?.workers.map(({ id, restarts }) => [id, restarts])).toEqual([
    [1, 0],
    [2, 0],
  ])
  expect(service.events('worker.signalled')).toEqual([])
  expect(service.events('worker.exited')).toEqual([])
  // A worker that was starved for a moment may have been looked at.
  expect(service.events('watchdog.tripped').filter(({ action }) => action !== 'report')).toEqual([])
  expect(await service.get('/')).toMatch(/^\d+$/)
  await service.stop()
}

function pidOf(service: Service, slot: number): number {
  return service.events('worker.ready').find(({ worker }) => worker.slot === slot)?.worker.pid as number
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it.concurrent('a supervisor that was stopped for longer than replaceAfter kills nobody', async () => {
    const service = await serving(node)
    process.kill(service.pid, 'SIGSTOP')
    // Time has to pass: it is what must not be held against anybody.
    await sleep(2 * REPLACE_AFTER_MS)
    process.kill(service.pid, 'SIGCONT')
    await service.event('supervisor.overslept')
    await sleep(REPLACE_AFTER_MS)
    await expectUnharmed(service)
  })

  it.concurrent('a worker that is stopped is told, and serves on when it is continued', async () => {
    const service = await serving(node, { probes: { liveness } })
    const pid = pidOf(service, 0)
    process.kill(pid, 'SIGSTOP')
    await service.event('worker.suspected')
    await service.event('watchdog.tripped', ({ watchdog }) => watchdog === 'probe')
    const told = await service.event('watchdog.tripped', ({ watchdog }) => watchdog === 'hang')
    expect(told).toMatchObject({ worker: { pid }, action: 'report', detail: expect.stringContaining('SIGSTOP') })
    process.kill(pid, 'SIGCONT')
    await service.event('worker.recovered')
    await expectUnharmed(service)
  })

  it.concurrent('a loop that is blocked for 1.5 s, as in a long garbage collection, is no hang', async () => {
    const service = await serving(node, { watchdogs: { hang: { replaceAfter: '4s' } } })
    for (let round = 0; round < 3; round += 1) {
      await service.get('/loop?ms=1500')
      await sleep(2_000)
    }
    await expectUnharmed(service)
  })

  it.concurrent('a machine on which four hogs fight for the cores makes no hang', async () => {
    const service = await serving(node)
    const hogs = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
    await sleep(3 * REPLACE_AFTER_MS)
    for (const hog of hogs) hog.kill('SIGKILL')
    await expectUnharmed(service)
  })

  it.concurrent('a module that serves in a top-level await, and is never evaluated to its end, is no hang', async () => {
    const service = await serving(node, { script: fixture('endless-await.mjs') })
    await sleep(2 * REPLACE_AFTER_MS)
    await expectUnharmed(service)
  })

  it.concurrent('a worker at a breakpoint of a debugger is told, and stays', async () => {
    const service = await serving(node, {
      instances: 1,
      nodeArgs: ['--inspect=127.0.0.1:0'],
      probes: { liveness },
    })
    const line = await service.waitForLine('ws://127.0.0.1')
    const url = /ws:\/\/[\w.:/-]+/.exec(line)?.[0] as string
    const debuggers = new AbortController()
    const session = await openInspectorSession(url, debuggers.signal)
    await session.ask('Debugger.enable')
    await session.ask('Debugger.pause')
    for (const watchdog of ['hang', 'probe']) {
      const told = await service.event('watchdog.tripped', (event) => event.watchdog === watchdog)
      expect(told).toMatchObject({ action: 'report', spared: 'debugger', detail: expect.stringContaining('debugger') })
    }
    expect(service.events('evidence.taken')).toEqual([])
    await session.ask('Debugger.resume')
    await service.event('worker.recovered')
    session.close()
    debuggers.abort()
    expect(service.events('worker.signalled')).toEqual([])
    expect((await service.status()).apps[0]).toMatchObject({ ready: 1, restarts: 0 })
    await service.stop()
  })

  it.concurrent('a reader of the log that stops reading makes no hang', async () => {
    const service = await serving(node, { script: fixture('talks.cjs') })
    service.process.stdout?.pause()
    service.process.stderr?.pause()
    await sleep(2 * REPLACE_AFTER_MS)
    const { apps } = await service.status()
    expect(apps[0]?.workers.map(({ id, state, restarts }) => [id, state, restarts])).toEqual([
      [1, 'ready', 0],
      [2, 'ready', 0],
    ])
    service.process.stdout?.resume()
    service.process.stderr?.resume()
    await service.stop()
    expect(service.events('watchdog.tripped')).toEqual([])
  })
})
