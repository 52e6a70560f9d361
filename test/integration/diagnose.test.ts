// `resil diagnose` on real workers that are blocked in each way, on each Node: what is found, and that nothing stays behind.

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { tcpSocketsOf } from '../../src/process/evidence/read-proc.ts'
import { connectWebSocket } from '../../src/process/evidence/web-socket.ts'
import type { DiagnoseResult } from '../../src/protocol/control.ts'
import { assertNoProcessLeft, DEADLINE_MS, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, freePort, get, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

/** Asked again until then: what is asked of a worker may come before it is blocked. */
const polling = { timeout: DEADLINE_MS }
const listeningIn = (pid: number) => tcpSocketsOf(pid).filter(({ state }) => state === 'listening')

/** A worker that is blocked until `end` is called, however long its evidence takes on a busy machine. */
async function block(service: Service, how: 'loop' | 'atomics'): Promise<{ readonly pid: number; end(): void }> {
  const until = join(tempDir(), 'over')
  const pid = Number(await service.get(`/${how}?until=${until}`))
  return { pid, end: () => writeFileSync(until, '') }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  async function startBlocks(config: object = {}, env: Record<string, string> = {}): Promise<Service> {
    const settings = {
      name: 'web',
      script: fixture('blocks.cjs'),
      instances: 1,
      // Nobody but the test asks what it does, and nobody ends it.
      watchdogs: { hang: { action: 'off' } },
      ...config,
    }
    const cwd = tempDir({ 'resilience.config.json': JSON.stringify(settings) })
    const service = await startService(null, { cwd, node, env })
    await service.event('app.running')
    return service
  }

  /** The agent has told what it tells with its beats: whether the app listens for SIGUSR1. */
  async function untilHeardOf(service: Service): Promise<void> {
    await expect
      .poll(async () => (await service.status()).apps[0]?.workers[0]?.heapUsed, polling)
      .toEqual(expect.any(Number))
  }

  async function diagnose(service: Service, ...options: string[]): Promise<DiagnoseResult> {
    const { stdout, stderr } = await service.resil(['diagnose', 'web:0', '--json', ...options])
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as DiagnoseResult
  }

  /** It answers a new request, and nobody listens in the worker: under round robin the port of the app is the supervisor's. */
  async function expectUnharmed(service: Service, pid: number): Promise<void> {
    expect(await service.get()).toBe(String(pid))
    // The loop turns: what the inspector still had to do was before this answer of the agent.
    await diagnose(service, '--heap-stats')
    await expect.poll(() => listeningIn(pid), polling).toEqual([])
    expect(service.events('worker.exited')).toEqual([])
    expect(service.lines.filter((line) => /debugger|For help/i.test(line))).toEqual([])
  }

  it.each([
    ['loop', 'spinInJavaScript'],
    ['atomics', 'waitForNobody'],
  ] as const)(
    'tells the function of a loop that is blocked in %s while it is, and leaves it unharmed',
    async (how, name) => {
      const service = await startBlocks()
      const { pid, end } = await block(service, how)
      await expect
        .poll(async () => (await diagnose(service)).evidence, polling)
        .toMatchObject({
          kind: 'stack',
          frames: [{ name, file: fixture('blocks.cjs'), line: expect.any(Number) }, { name: 'begin' }, {}, {}],
        })
      expect(listeningIn(pid)).toEqual([])
      end()
      await expectUnharmed(service, pid)
      await service.stop()
    },
  )

  it('tells the function whose regular expression never ends, again and again', async () => {
    const service = await startBlocks()
    const pid = Number(await service.get('/regex'))
    for (let time = 0; time < 2; time += 1) {
      await expect
        .poll(async () => (await diagnose(service)).evidence, polling)
        .toMatchObject({ kind: 'stack', frames: [{ name: 'matchForever' }, { name: 'begin' }, {}, {}] })
      await expect.poll(() => listeningIn(pid), polling).toEqual([])
    }
    await service.resil(['stop', '--force'])
    await service.exit
  })

  async function untilBlocked(service: Service, ...options: string[]): Promise<DiagnoseResult> {
    let result: DiagnoseResult | undefined
    await expect
      .poll(async () => {
        result = await diagnose(service, ...options)
        return result.evidence.kind === 'triage' ? result.evidence.finding : 'a stack'
      }, polling)
      .not.toBe('waits for events')
    return result as DiagnoseResult
  }

  it.each(['crypto?ms=1', 'json'])(
    'says that a worker is on a CPU in native code, and lets it go on: %s',
    async (how) => {
      const service = await startBlocks()
      let pid = 0
      // The call ends by itself: where the question came too late, it is made once more.
      const diagnoseBlocked = async () => {
        pid = Number(await service.get(`/${how}`))
        return (await diagnose(service, '--timeout', '300ms')).evidence
      }
      await expect.poll(diagnoseBlocked, polling).toMatchObject({
        kind: 'triage',
        // V8 collects garbage in threads of their own while a text becomes millions of objects.
        finding: expect.stringMatching(/^on a CPU, in native code$|^waits for its own threads/),
      })
      await expectUnharmed(service, pid)
      await service.stop()
    },
  )

  it('names the child that spawnSync waits for', async () => {
    const service = await startBlocks()
    const fifo = join(tempDir(), 'fifo')
    execFileSync('mkfifo', [fifo])
    const pid = Number(await service.get(`/spawn?until=${fifo}`))
    await expect
      .poll(async () => (await diagnose(service)).evidence, polling)
      .toMatchObject({
        kind: 'triage',
        state: 'S',
        finding: expect.stringMatching(new RegExp(`^waits for a child process: pid \\d+ \\(cat ${fifo}\\)$`)),
      })
    closeSync(openSync(fifo, 'w'))
    await expectUnharmed(service, pid)
    await service.stop()
  })

  it('says that a stopped worker is stopped', async () => {
    const service = await startBlocks()
    const pid = Number(await service.get())
    process.kill(pid, 'SIGSTOP')
    // It stops when it is run the next time.
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), polling).toContain(') T ')
    const { evidence } = await diagnose(service)
    process.kill(pid, 'SIGCONT')
    expect(evidence).toMatchObject({ kind: 'triage', state: 'T', finding: expect.stringContaining('SIGCONT') })
    await expectUnharmed(service, pid)
    await service.stop()
  })

  it('works where the workers write to the terminal themselves, too', async () => {
    const service = await startBlocks({ log: { capture: false } })
    const { pid, end } = await block(service, 'loop')
    const { evidence } = await untilBlocked(service)
    expect(evidence).toMatchObject({ kind: 'stack', frames: [{ name: 'spinInJavaScript' }, { name: 'begin' }, {}, {}] })
    end()
    expect(await service.get()).toBe(String(pid))
    await diagnose(service, '--heap-stats')
    await expect.poll(() => listeningIn(pid), polling).toEqual([])
    await service.stop()
  })

  it('profiles from inside and, where the loop spins, from outside; the file is new, and its owner alone may read it', async () => {
    const service = await startBlocks()
    const idle = await diagnose(service, '--cpu', '200ms', '-o', 'idle.cpuprofile')
    expect(idle.evidence.kind).toBe('cpu-profile')
    const { pid, end } = await block(service, 'loop')
    await untilBlocked(service)
    const { evidence } = await diagnose(service, '--cpu', '1s', '-o', 'spin.cpuprofile')
    end()
    expect(evidence).toMatchObject({
      kind: 'cpu-profile',
      file: join(service.cwd, 'spin.cpuprofile'),
      top: expect.arrayContaining([expect.objectContaining({ name: 'spinInJavaScript' })]),
    })
    if (evidence.kind !== 'cpu-profile') return
    expect(evidence.top[0]?.selfRatio).toBeGreaterThan(0.5)
    for (const name of ['idle', 'spin']) {
      const file = join(service.cwd, `${name}.cpuprofile`)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const profile = JSON.parse(readFileSync(file, 'utf8'))
      expect(profile.samples).toHaveLength(profile.timeDeltas.length)
      expect(profile.nodes[0].callFrame.functionName).toBe('(root)')
    }
    await expectUnharmed(service, pid)
    const again = await diagnose(service, '--cpu', '50ms', '-o', 'idle.cpuprofile')
    expect(again.evidence).toMatchObject({ kind: 'none', reason: expect.stringContaining('name another with -o') })
    await service.stop()
  })

  it('writes a heap snapshot that can be parsed, and tells how full the heap is', async () => {
    const service = await startBlocks()
    const { evidence, pid } = await diagnose(service, '--heap', '-o', 'web.heapsnapshot')
    const file = join(service.cwd, 'web.heapsnapshot')
    expect(evidence).toEqual({ kind: 'heap-snapshot', file, bytes: statSync(file).size })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(file, 'utf8')).snapshot.node_count).toBeGreaterThan(1_000)
    const statistics = (await diagnose(service, '--heap-stats')).evidence
    expect(statistics).toMatchObject({ kind: 'heap-statistics', spaces: { old_space: expect.any(Number) } })
    await expectUnharmed(service, pid)
    await service.stop()
  })

  it.each(['listens-and-blocks.cjs', 'dies-of-sigusr1.cjs'])(
    'never sends SIGUSR1 to an app that listens for it, or that it would kill: %s',
    async (entry) => {
      const service = await startBlocks({ script: fixture(entry) })
      await untilHeardOf(service)
      const { pid, end } = await block(service, 'loop')
      const { evidence } = await untilBlocked(service)
      expect(evidence).toMatchObject({ kind: 'triage', finding: expect.stringContaining('SIGUSR1') })
      end()
      await expectUnharmed(service, pid)
      expect(service.lines.join('\n')).not.toContain('the app got SIGUSR1')
      await service.stop()
    },
  )

  it("gives each slot a port of its own where the user's flags ask for an inspector", async () => {
    const first = await freePort()
    const service = await startBlocks({ instances: 2, nodeArgs: [`--inspect=${first}`] })
    // Whether the ports are free is the machine's affair: Node names the one it was given in either case.
    for (const port of [first, first + 1]) {
      await service.waitForLine(
        new RegExp(`Debugger listening on ws://127.0.0.1:${port}/|Starting inspector on 127.0.0.1:${port} failed`),
      )
    }
    await service.stop()
  })

  it('leaves what an app, or a person, does with an inspector alone: their lines, their port, their session', async () => {
    const service = await startBlocks({ script: fixture('own-inspector.cjs') })
    const line = await service.waitForLine('Debugger listening on ws://')
    await service.waitForLine('Debugger listening, said the app')
    const pid = Number(await get(service.port))
    expect(listeningIn(pid)).toHaveLength(1)
    const first = await block(service, 'loop')
    const { evidence } = await untilBlocked(service)
    first.end()
    expect(evidence).toMatchObject({ kind: 'triage', finding: expect.stringContaining('connect a debugger there') })
    expect(await service.get()).toBe(String(pid))
    expect(listeningIn(pid)).toHaveLength(1)

    const [url = ''] = /ws:\/\/[\w.:/-]+/.exec(line) ?? []
    const debuggers = await connectWebSocket(url, { onMessage: () => {}, signal: new AbortController().signal })
    const second = await block(service, 'loop')
    const attached = (await untilBlocked(service)).evidence
    second.end()
    expect(attached).toMatchObject({ kind: 'triage', finding: expect.stringContaining('a debugger is attached to it') })
    debuggers.close()
    expect(await service.get()).toBe(String(pid))
    await service.stop()
  })
})
