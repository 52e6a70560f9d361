// watchdogs.hang.evidence "thread" by the built CLI: the stack of a blocked main thread without a signal, and nothing to be seen of it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Incident } from '../../src/incidents/incident.ts'
import { tcpSocketsOf } from '../../src/process/evidence/read-proc.ts'
import type { DiagnoseResult } from '../../src/protocol/control.ts'
import { assertNoProcessLeft, DEADLINE_MS, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

async function serving(node: string, script: string, hang: object, config: object = {}): Promise<Service> {
  const settings = { name: 'web', script: fixture(script), instances: 1, watchdogs: { hang }, ...config }
  const service = await startService(null, {
    node,
    cwd: tempDir({ 'resilience.config.json': JSON.stringify(settings) }),
  })
  await service.event('app.running')
  // One that has never been heard of has more time: as long as a boot.
  while ((await service.status()).apps[0]?.workers.some(({ heapUsed }) => heapUsed === null));
  return service
}

async function diagnose(service: Service, ...options: string[]): Promise<DiagnoseResult> {
  const { stdout, stderr } = await service.resil(['diagnose', 'web:0', '--json', ...options])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as DiagnoseResult
}

async function pidOf(service: Service): Promise<number> {
  return (await service.status()).apps[0]?.workers[0]?.pid ?? 0
}

function heardOfSignal({ lines }: Service): readonly string[] {
  return lines.filter((line) => /got SIGUSR1|debugger|For help/i.test(line))
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it("an app that listens for SIGUSR1 and hangs has its stack in the incident, and doesn't get the signal", async () => {
    const hang = { evidence: 'thread', suspectAfter: '1.5s', replaceAfter: '8s' }
    const service = await serving(node, 'listens-and-blocks.cjs', hang)
    const hung = Number(await service.get('/loop?ms=600000'))
    const frames = [
      { name: 'spinInJavaScript', file: fixture('blocks.cjs'), line: expect.any(Number) },
      { name: 'begin' },
      {},
      {},
    ]
    const taken = await service.event('evidence.taken')
    expect(taken).toMatchObject({ worker: { pid: hung }, evidence: { kind: 'stack', frames } })
    expect(await service.event('worker.exited')).toMatchObject({ worker: { pid: hung }, exit: { kind: 'hang' } })
    await service.event('incident.opened')
    const { stdout } = await service.resil(['why', '--json'])
    const { incident } = JSON.parse(stdout) as { incident: Incident }
    expect(incident).toMatchObject({ kind: 'hang', evidence: [{ evidence: { kind: 'stack', frames } }] })
    expect((await service.resil(['why'])).stdout).toContain('spinInJavaScript')
    expect(heardOfSignal(service)).toEqual([])
    await service.stop()
  })

  it.each([
    ['loop', 'spinInJavaScript'],
    ['atomics', 'waitForNobody'],
  ])(
    'diagnose tells where a thread blocked in %s stands, again and again, and it goes on unharmed',
    async (how, name) => {
      const service = await serving(node, 'listens-and-blocks.cjs', { evidence: 'thread', action: 'off' })
      const pid = await pidOf(service)
      const over = join(tempDir(), 'over')
      expect(await service.get(`/${how}?until=${over}`)).toBe(String(pid))
      for (let time = 0; time < 2; time += 1) {
        // The question may come before it is blocked.
        await expect
          .poll(async () => (await diagnose(service)).evidence, { timeout: DEADLINE_MS })
          .toMatchObject({ kind: 'stack', frames: [{ name, file: fixture('blocks.cjs') }, { name: 'begin' }, {}, {}] })
      }
      writeFileSync(over, '')
      expect(await service.get()).toBe(String(pid))
      expect(tcpSocketsOf(pid).filter(({ state }) => state === 'listening')).toEqual([])
      expect(heardOfSignal(service)).toEqual([])
      expect(service.events('worker.exited')).toEqual([])
      await service.stop()
    },
  )

  it('a native call that does not return gives no stack in time; what was asked is taken back, and the next question is answered', async () => {
    const shutdown = { deadline: '2s', killAfter: '200ms' }
    const service = await serving(node, 'blocks.cjs', { evidence: 'thread', action: 'off' }, { shutdown })
    await service.get('/crypto?ms=600000')
    const asked = async (timeout: string) => (await diagnose(service, '--timeout', timeout)).evidence
    await expect
      .poll(() => asked('500ms'), { timeout: DEADLINE_MS })
      .toMatchObject({ kind: 'triage', finding: 'on a CPU, in native code' })
    // Each call takes some seconds; between two of them there is JavaScript.
    await expect
      .poll(() => asked('40s'), { timeout: DEADLINE_MS })
      .toMatchObject({ kind: 'stack', frames: expect.arrayContaining([expect.objectContaining({ name: 'crypto' })]) })
    await service.stop()
  })

  it('is one thread, which there is none of without the setting, and of which the app sees nothing', async () => {
    const seen: unknown[] = []
    const threads: number[] = []
    for (const evidence of ['stack', 'thread']) {
      const nodeArgs = `--require ${fixture('preloaded.cjs')}`
      const service = await serving(node, 'looks-for-threads.cjs', { evidence }, { nodeArgs })
      seen.push(JSON.parse(await service.get()))
      const pid = await pidOf(service)
      const count = () => Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      threads.push(count())
      expect(service.lines.filter((line) => line.includes('preloaded, in the main thread'))).toHaveLength(1)
      await service.stop()
    }
    const [without = {}, withThread] = seen
    expect(withThread).toEqual(without)
    expect(withThread).toMatchObject({ told: 0, ownEmit: false, env: [] })
    expect(threads[1]).toBe((threads[0] ?? 0) + 1)
  })

  it('keeps no script alive that is done, and delays no end', async () => {
    const settings = {
      name: 'web',
      script: fixture('job.cjs'),
      instances: 1,
      restart: { policy: 'never' },
      watchdogs: { hang: { evidence: 'thread' } },
    }
    const cwd = tempDir({ 'resilience.config.json': JSON.stringify(settings) })
    const service = await startService(null, { node, cwd })
    expect((await service.exit).code).toBe(0)
    expect(await service.event('worker.exited')).toMatchObject({ exit: { code: 0, signal: null } })
  })
})
