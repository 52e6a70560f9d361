// Each kind of incident, made to happen for real; then `resil why` names the kind and its runbook, as somebody would ask for it:
// while the supervisor runs, or after it has died.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, test } from 'vitest'
import { INCIDENT_KINDS, type IncidentKind } from '../../src/events/incident-kind.ts'
import type { Incident } from '../../src/incidents/incident.ts'
import { assertNoProcessLeft, type CliOptions, DEADLINE_MS, NODE, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, freePort, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

interface Why {
  readonly incident: Incident
  readonly runbook: string
  readonly next: readonly { readonly command: string }[]
}

interface Row {
  readonly kind: IncidentKind
  readonly what: string
  /** Starts a service and makes it happen. */
  readonly happen: (node: string) => Promise<Service>
  /** What `why` must know besides the kind. */
  readonly knows: Record<string, unknown>
  /** The supervisor ends of it by itself, with this code. */
  readonly exits?: number
  /** The supervisor sees it from outside, or is told by resil's own code: one Node is as good as another. */
  readonly anyNode?: true
}

type StartOptions = NonNullable<Parameters<typeof startService>[1]>

const ONE = ['--name', 'web', '-w', '1']

/** One worker, ready. */
async function running(entry: string, node: string, options: StartOptions = {}): Promise<Service> {
  const service = await startService(fixture(entry), { node, args: ONE, ...options })
  await service.event('app.running')
  return service
}

/** As `running`, with settings that need a file. */
async function configured(
  entry: string,
  node: string,
  settings: object,
  env: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const config = { name: 'web', script: fixture(entry), instances: 1, ...settings }
  const cwd = tempDir({ 'resilience.config.json': JSON.stringify(config) })
  const service = await startService(null, { node, cwd, env })
  await service.event('app.running')
  return service
}

/** A request that may be its worker's last. */
function request(service: Service, path: string): void {
  service.get(path).catch(() => {})
}

/** Resolves when the first of an answer is there; what becomes of the rest does not matter. */
function beginAnswer(service: Service): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = http.get({ host: '127.0.0.1', port: service.port, agent: false }, (response) => {
      response.on('error', () => {}).resume()
      resolve()
    })
    asked.on('error', reject)
  })
}

async function inUse(): Promise<number> {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  onTestFinished(() => void server.close())
  return port
}

/** A file system of 2 MiB. */
function smallDisk(): string {
  const dir = tempDir()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0777', 'tmpfs', dir])
  onTestFinished(() => void execFileSync('umount', ['-l', dir]))
  return dir
}

const rows: readonly Row[] = [
  {
    kind: 'crash',
    what: 'an exception in a request',
    happen: async (node) => {
      const service = await running('server.cjs', node)
      request(service, '/crash')
      return service
    },
    knows: { app: 'web', failures: 1, hint: 'Error: crashed on request', exit: { kind: 'code', code: 1 } },
  },
  {
    kind: 'crash',
    what: 'a dependency that refuses, which is named',
    happen: async (node) => {
      const service = await running('needs-database.cjs', node, { appArgs: [String(await freePort())] })
      request(service, '/query')
      return service
    },
    knows: {
      hint: expect.stringMatching(/^a dependency at 127\.0\.0\.1:\d+ refused the connection \(ECONNREFUSED\)$/),
    },
  },
  {
    kind: 'boot-failure',
    what: 'an entry that throws, asked for when the supervisor has given up',
    happen: (node) => startService(fixture('throws-at-boot.cjs'), { node, args: ['--name', 'web', '-w', '2'] }),
    knows: {
      hint: 'Error: no database configured',
      state: 'open',
      decision: { did: 'gave web up' },
    },
    exits: 1,
  },
  {
    kind: 'crash-loop',
    anyNode: true,
    what: 'a worker that dies whenever it is ready',
    happen: async (node) => {
      const service = await startService(fixture('dies-when-ready.cjs'), {
        node,
        args: ONE,
        env: { RESIL_RESTART_BACKOFF_INITIAL: '10ms', RESIL_RESTART_BACKOFF_MAX: '20ms' },
      })
      await service.event('gate.opened')
      return service
    },
    knows: { failures: 6, decision: { did: expect.stringContaining('holds restarts') } },
  },
  {
    kind: 'oom',
    what: "V8's heap limit",
    happen: async (node) => {
      const service = await running('heap-limit.cjs', node, {
        args: [...ONE, '--node-args', '--max-old-space-size=32'],
      })
      request(service, '/fill')
      return service
    },
    knows: { hint: expect.stringContaining("V8's own heap limit was reached") },
  },
  {
    kind: 'unresponsive-drain',
    anyNode: true,
    what: 'a worker that is blocked when it is to drain',
    happen: async (node) => {
      const env = { RESIL_SHUTDOWN_DEADLINE: '1s', RESIL_SHUTDOWN_KILL_AFTER: '200ms' }
      const service = await running('says-and-blocks.cjs', node, { env })
      request(service, '/block')
      await service.waitForLine('blocking')
      await service.resil(['restart', 'web'])
      return service
    },
    knows: { state: 'resolved', exit: { kind: 'planned', signal: 'SIGTERM' } },
  },
  {
    kind: 'unresponsive-drain',
    anyNode: true,
    what: 'an answer that never ends, cut off at the deadline',
    happen: async (node) => {
      const cwd = tempDir({
        'app.cjs':
          "require('http').createServer((_, response) => response.write('x')).listen(Number(process.env.PORT), '127.0.0.1')",
      })
      const env = { RESIL_SHUTDOWN_DEADLINE: '1s', RESIL_SHUTDOWN_KILL_AFTER: '200ms' }
      const service = await startService('app.cjs', { node, cwd, args: ONE, env })
      await service.event('app.running')
      await beginAnswer(service)
      await service.resil(['restart', 'web'])
      return service
    },
    knows: {
      state: 'resolved',
      // On a busy machine resil's own deadline may come before the agent's, which is half a second earlier.
      summary: expect.stringMatching(/cut off 1 connection with something in hand|had not finished by its deadline/),
      exit: { kind: 'planned' },
    },
  },
  {
    kind: 'reload-rolled-back',
    what: 'a new release that does not boot',
    happen: async (node) => {
      const cwd = tempDir({ 'app.cjs': readFileSync(fixture('server.cjs'), 'utf8') })
      const service = await startService('app.cjs', { node, cwd, args: ONE })
      await service.event('app.running')
      writeFileSync(join(cwd, 'app.cjs'), "require('pg')")
      const { code } = await service.resil(['reload'])
      expect(code).toBe(75)
      // The old release serves on, and would boot again.
      writeFileSync(join(cwd, 'app.cjs'), readFileSync(fixture('server.cjs'), 'utf8'))
      expect(JSON.parse(await service.get()).pid).toBeGreaterThan(0)
      return service
    },
    knows: {
      state: 'resolved',
      hint: 'pg is missing: is the release complete, and was npm ci run?',
      decision: { did: expect.stringContaining('went back to the old release') },
    },
  },
  {
    kind: 'port-conflict',
    what: 'a port that another process has',
    happen: async (node) => startService(fixture('server.cjs'), { node, args: ONE, port: await inUse() }),
    knows: { exit: { errorCode: 'EADDRINUSE' }, hint: expect.stringContaining('in use already') },
    exits: 1,
  },
  {
    kind: 'disk-full',
    anyNode: true,
    what: 'a worker that fills a file system of 2 MiB',
    happen: async (node) => {
      const service = await running('fills-disk.cjs', node, { appArgs: [smallDisk()] })
      request(service, '/fill')
      return service
    },
    knows: { app: 'web', hint: 'no space was left (ENOSPC)' },
  },
  {
    kind: 'disk-full',
    anyNode: true,
    what: 'a log file on a device that is full',
    happen: async (node) => {
      const service = await running('talks.cjs', node, { env: { RESIL_LOG_FILE: '/dev/full' } })
      await service.event('output.dropped')
      return service
    },
    knows: { app: null, workers: [] },
  },
  {
    kind: 'fd-exhaustion',
    what: 'a worker that opens files and never closes them',
    happen: async (node) => {
      const service = await running('opens-files.cjs', node)
      request(service, '/open')
      return service
    },
    knows: { hint: 'it could open no more files or sockets (EMFILE)' },
  },
  {
    kind: 'supervisor-starved',
    anyNode: true,
    what: 'a supervisor that is stopped for a while',
    happen: async (node) => {
      const service = await running('server.cjs', node)
      process.kill(service.pid, 'SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 7_000))
      process.kill(service.pid, 'SIGCONT')
      await service.event('supervisor.overslept')
      return service
    },
    knows: { app: null, state: 'open' },
  },
  {
    kind: 'memory-growth',
    anyNode: true,
    what: 'a worker that leaks past its limit',
    happen: async (node) => {
      const service = await configured('leaks.cjs', node, { watchdogs: { memory: { hard: '200mb' } } })
      for (let leak = 0; leak < 12; leak += 1) await service.get('/leak').catch(() => {})
      await service.event('watchdog.tripped')
      return service
    },
    knows: { app: 'web', failures: 1, summary: expect.stringContaining('takes too much memory') },
  },
  {
    kind: 'hang',
    what: 'a worker that is blocked, with what was seen of it',
    happen: async (node) => {
      const hang = { suspectAfter: '1.5s', replaceAfter: '3s' }
      const service = await configured('says-and-blocks.cjs', node, { watchdogs: { hang } })
      request(service, '/block')
      await service.event('watchdog.tripped')
      return service
    },
    // What the inspector gives where it is let in, else what the kernel says.
    knows: { failures: 1, evidence: [expect.objectContaining({ slot: 0 })] },
  },
  {
    kind: 'cpu-saturation',
    anyNode: true,
    what: 'a worker that burns its CPU',
    happen: async (node) => {
      // On a busy machine a worker that wants all of a core may get hardly any of it; one that does nothing gets less.
      const cpu = { max: 0.05, sustain: '1s', action: 'report' }
      const service = await configured('burns.cjs', node, { watchdogs: { cpu } })
      request(service, '/burn')
      return service
    },
    knows: { state: 'open', decision: { did: 'leaves it alone, and tells' } },
  },
  {
    kind: 'event-loop-lag',
    anyNode: true,
    what: 'a worker whose event loop is busy all the time',
    happen: async (node) => {
      const eventLoop = { utilization: 0.8, sustain: '1s', action: 'report' }
      const service = await configured('burns.cjs', node, { watchdogs: { eventLoop } })
      request(service, '/burn')
      return service
    },
    knows: { state: 'open', decision: { did: 'leaves it alone, and tells' } },
  },
  {
    kind: 'probe-failed',
    anyNode: true,
    what: 'a worker that says that it is sick',
    happen: async (node) => {
      const liveness = { http: '/health', interval: '1s', failureThreshold: 2 }
      const service = await configured('moody.cjs', node, { probes: { liveness } })
      request(service, '/be?how=sick')
      return service
    },
    knows: { summary: expect.stringContaining('503') },
  },
  {
    kind: 'dependency-open',
    anyNode: true,
    what: 'a breaker that opens because its dependency refuses',
    happen: async (node) => {
      const service = await running('needs-payments.mjs', node, { appArgs: [String(await freePort())] })
      expect(await service.get()).toBe('{"ok":false}')
      return service
    },
    knows: {
      app: 'web',
      about: 'payments',
      workers: [],
      state: 'open',
      summary: expect.stringContaining('circuit breaker "payments" has opened, in 1 worker so far'),
      decision: { did: expect.stringContaining('restarts no worker') },
      lines: [expect.objectContaining({ text: expect.stringContaining('ECONNREFUSED') })],
    },
  },
  {
    kind: 'chaos',
    anyNode: true,
    what: 'chaos() in the code, where config and CHAOS_ENABLED let it',
    happen: async (node) => {
      const service = await configured('chaotic.mjs', node, { chaos: { allowed: true } }, { CHAOS_ENABLED: 'true' })
      expect(await service.get()).toBe('{"ok":false}')
      return service
    },
    knows: {
      app: 'web',
      about: 'payments',
      workers: [],
      state: 'open',
      summary: expect.stringContaining('chaos() "payments" makes calls fail on purpose'),
    },
  },
]

test('there is a row for each kind', () => {
  expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(INCIDENT_KINDS))
})

async function why(service: Service): Promise<Why> {
  const { code, stdout } = await service.resil(['why', '--json'])
  expect(code).toBe(0)
  return JSON.parse(stdout) as Why
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  const here = node === edgeNodes[0]?.path ? rows : rows.filter(({ anyNode }) => anyNode === undefined)

  it.each(here)('$kind: $what', async ({ kind, happen, knows, exits }) => {
    const service = await happen(node)
    const opened = await service.event(kind === 'crash-loop' ? 'incident.worsened' : 'incident.opened')
    expect(opened.kind).toBe(kind)
    if (exits !== undefined) expect((await service.exit).code).toBe(exits)
    // What is known of it comes together step by step: its end, its last words, its evidence.
    await expect.poll(async () => (await why(service)).incident).toMatchObject({ kind, ...knows })
    const told = await why(service)
    expect(told.runbook.endsWith(`docs/runbooks/${kind}.md`) && existsSync(told.runbook)).toBe(true)
    const words = (await service.resil(['why', opened.incident])).stdout
    expect(words).toContain(`${kind}${told.incident.app === null ? '' : ` of ${told.incident.app}`}: incident`)
    expect(words).toContain(told.runbook)
    await service.stop()
  })

  it('a storm of crashes is one incident, kept on the disk, and known to the next supervisor', async () => {
    const cwd = tempDir()
    const options: CliOptions & { args: string[] } = {
      node,
      cwd,
      args: ['--name', 'web', '-w', '4'],
      env: {
        RESIL_RESTART_BACKOFF_INITIAL: '10ms',
        RESIL_RESTART_BACKOFF_MAX: '50ms',
        RESIL_STATE_DIR: join(cwd, 'state'),
      },
    }
    const service = await startService(fixture('dies-when-ready.cjs'), options)
    await service.event('gate.opened')
    // Made when there is something to write. A kill may come between the writing of a file and its renaming.
    const files = () =>
      readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((name) => /^state\/.*\/\w{6}\.json$/.test(name))
    // What grows is written four times a second at most.
    const failuresOnDisk = () => files().map((name) => JSON.parse(readFileSync(join(cwd, name), 'utf8')).failures)
    await expect.poll(failuresOnDisk, { timeout: DEADLINE_MS }).toEqual([expect.toSatisfy((count) => count > 4)])
    process.kill(service.pid, 'SIGKILL')
    await service.exit
    expect(files()).toHaveLength(1)

    const dead = await service.resil(['incidents', '--json'])
    const [before] = JSON.parse(dead.stdout).incidents
    expect(before).toMatchObject({ app: 'web', state: 'open' })
    expect(before.failures).toBeGreaterThan(4)
    await assertNoProcessLeft()

    const next = await startService(fixture('dies-when-ready.cjs'), options)
    await next.event('worker.exited')
    const { incidents } = JSON.parse((await next.resil(['incidents', '--json'])).stdout)
    expect(incidents).toHaveLength(1)
    expect(incidents[0].id).toBe(before.id)
    await next.stop()
  })

  it('keeps an incident with the words and the minute before, and no secret of the environment', async () => {
    const stateDir = tempDir()
    const service = await running('last-words.cjs', node, { env: { RESIL_STATE_DIR: stateDir, API_KEY: 'k3y-0f-all' } })
    // A first measurement has to be there.
    await expect
      .poll(async () => (await service.status()).apps[0]?.workers[0]?.heapUsed, { timeout: DEADLINE_MS })
      .toBeGreaterThan(0)
    // And is kept at the next turn of a second, by the supervisor's own clock.
    const uptimeMs = async () => (await service.status()).supervisor.uptimeMs
    const heardAt = await uptimeMs()
    await expect.poll(uptimeMs, { timeout: DEADLINE_MS }).toBeGreaterThan(heardAt + 1_100)
    request(service, '/')
    await service.event('incident.opened')
    const { incident } = await why(service)
    expect(incident.lines.at(-1)).toMatchObject({ stream: 'stderr', text: 'my last words' })
    expect(incident.lines.length).toBeGreaterThan(50)
    expect(incident.samples?.heapUsed.some((bytes) => bytes !== null && bytes > 0)).toBe(true)
    const files = () =>
      readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    // A stop does not wait for a slow disk for long.
    await expect.poll(() => files().length, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(2)
    await service.stop()
    for (const file of files()) expect(readFileSync(join(stateDir, file), 'utf8')).not.toContain('k3y-0f-all')
  })

  it('is over when the replacement has stayed up, and status says how many are open', async () => {
    // A replacement boots when the test has looked.
    const file = join(tempDir({ go: '' }), 'go')
    const env = { RESIL_RESTART_STABLE_AFTER: '1s', WAIT_FOR: file }
    const service = await running('waits-for-file.cjs', node, { env })
    rmSync(file)
    process.kill(service.events('worker.ready')[0]?.worker.pid ?? 0, 'SIGABRT')
    const { incident } = await service.event('incident.opened')
    expect((await service.status()).incidents).toMatchObject({
      open: 1,
      total: 1,
      last: { id: incident, kind: 'crash' },
    })
    expect((await service.resil(['status'])).stdout).toContain('1 open incident: resil why\n')
    writeFileSync(file, '')
    expect(await service.event('incident.resolved')).toMatchObject({ incident, kind: 'crash', failures: 1 })
    expect((await service.status()).incidents).toMatchObject({ open: 0, total: 1 })
    expect((await service.resil(['status'])).stdout).not.toContain('open incident')
    await service.stop()
  })

  it('goes on in memory where the disk is full, says so, and harms nothing', async () => {
    const disk = smallDisk()
    const service = await running('server.cjs', node, { env: { RESIL_STATE_DIR: disk } })
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${disk}/ballast bs=64k 2>/dev/null || true`])
    request(service, '/crash')
    expect(await service.event('incidents.unsaved')).toMatchObject({ error: 'ENOSPC' })
    expect((await service.status()).incidents).toMatchObject({ open: 1, kept: 'memory' })
    expect((await why(service)).incident).toMatchObject({ kind: 'crash' })
    expect(JSON.parse(await service.get()).pid).toBeGreaterThan(0)
    expect(await service.stop()).toEqual({ code: 0, signal: null })
  })
})

describe('hooks', () => {
  it('a command is told of a crash, and a webhook that fails twice of its incident, with the same id', async () => {
    const received: { readonly hook: string; readonly incident: { readonly id: string } }[] = []
    const server = http.createServer(async (incoming, response) => {
      received.push(JSON.parse(Buffer.concat(await incoming.toArray()).toString()))
      response.writeHead(received.length < 3 ? 503 : 204).end()
    })
    const url = await new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}/x`))
    })
    onTestFinished(() => void server.close())
    const cwd = tempDir({
      'app.cjs': readFileSync(fixture('server.cjs'), 'utf8'),
      'notify.cjs': `
        const { readFileSync, writeFileSync } = require('node:fs')
        const { incident } = JSON.parse(readFileSync(0, 'utf8'))
        writeFileSync('told', [process.env.RESIL_HOOK, process.env.RESIL_APP, process.env.RESIL_INCIDENT, incident.kind].join(' '))`,
      'resilience.config.json': JSON.stringify({
        script: 'app.cjs',
        name: 'web',
        instances: 1,
        hooks: { onCrash: { exec: [NODE, 'notify.cjs'] }, onIncident: { webhook: url } },
      }),
    })
    const service = await startService(null, { cwd })
    await service.event('app.running')
    request(service, '/crash')
    const { incident } = await service.event('incident.opened')
    await expect.poll(() => received.length, { timeout: DEADLINE_MS }).toBe(3)
    expect(new Set(received.map((call) => `${call.hook} ${call.incident.id}`))).toEqual(
      new Set([`onIncident ${incident}`]),
    )
    const told = () => (existsSync(join(cwd, 'told')) ? readFileSync(join(cwd, 'told'), 'utf8') : '')
    await expect.poll(told, { timeout: DEADLINE_MS }).toBe(`onCrash web ${incident} crash`)
    expect(service.events('hook.failed')).toEqual([])
    await service.stop()
  })
})
