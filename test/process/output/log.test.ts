import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { LogSettings } from '../../../src/config/settings.ts'
import type { PublishedEvent, ResilEvent } from '../../../src/events/events.ts'
import type { ExitDetails } from '../../../src/events/exit.ts'
import { createPublisher } from '../../../src/events/publisher.ts'
import type { WorkerRef } from '../../../src/events/worker-ref.ts'
import { colourOf, paintAnsi } from '../../../src/process/output/colour.ts'
import { type Log, openLog } from '../../../src/process/output/log.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { tempDir } from '../../support/temp-dir.ts'

const opened: { readonly log: Log; readonly fds: readonly number[] }[] = []
afterEach(async () => {
  for (const { log, fds } of opened.splice(0)) {
    // A write under way must be over before its descriptor's number goes to somebody else.
    await log.flush(1000)
    log.close()
    for (const fd of fds) closeSync(fd)
  }
})

const exit: ExitDetails = {
  kind: 'boot-failure',
  code: 1,
  signal: null,
  uptimeMs: 100,
  errorCode: null,
  port: null,
  atMs: 0,
}
const worker = (id: number, slot = 0): WorkerRef => ({ app: 'web', slot, id, pid: 1000 + id, generation: 1 })
const exited = (id: number, slot = 0, overrides: Partial<ExitDetails> = {}): ResilEvent => ({
  type: 'worker.exited',
  worker: worker(id, slot),
  exit: { ...exit, ...overrides },
  after: { do: 'restart', delayMs: 0 },
  crashes: 1,
})

interface SetUp {
  readonly format?: 'pretty' | 'json'
  readonly level?: LogSettings['level']
  readonly file?: boolean
  readonly isTty?: boolean
  readonly env?: Record<string, string>
  readonly onWritten?: (event: PublishedEvent, file: string) => void
}

/** A log into files, which hold what a reader of stdout and stderr would have seen. */
async function setUp(options: SetUp = {}) {
  const { format = 'pretty', level = 'info', file = false, isTty = false, env = {}, onWritten } = options
  const dir = tempDir()
  const [stdout, stderr] = [openSync(join(dir, 'stdout'), 'w'), openSync(join(dir, 'stderr'), 'w')]
  const clock = fakeClock(1_700_000_000_000)
  const publisher = createPublisher({ wallNow: clock.wallNow, capacity: 100 })
  const log = await openLog({
    settings: {
      level,
      format,
      maxSizeBytes: 1_000_000,
      maxFiles: 2,
      ...(file ? { file: join(dir, 'logs', 'web.log') } : {}),
    },
    fds: { stdout, stderr },
    isTty: { stdout: isTty, stderr: isTty },
    env,
    clock,
    publisher,
    ...(onWritten && { onWritten: (event) => onWritten(event, join(dir, 'logs', 'web.log')) }),
  })
  opened.push({ log, fds: [stdout, stderr] })
  const read = (name: string) => {
    const lines = readFileSync(join(dir, name), 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    return lines
  }
  return { log, publisher, clock, dir, read }
}

/** A captured worker whose streams the test writes. */
function capture(log: Log, ref: WorkerRef) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const output = log.capture(ref, stdout, stderr)
  return {
    stdout,
    stderr,
    end: async () => {
      stdout.end()
      stderr.end()
      await output.closed
    },
  }
}

describe('pretty', () => {
  test('stdout and stderr of the app stay apart, and resil speaks on stderr', async () => {
    const { log, publisher, read } = await setUp({ level: 'warn' })
    publisher.publish({ type: 'worker.ready', worker: worker(9), bootMs: 1, by: 'listening' })
    const { stdout, stderr, end } = capture(log, worker(1, 2))
    stdout.write('work\n')
    stderr.write('woe\n')
    await end()
    publisher.publish({ type: 'app.degraded', app: 'web', ready: 3, instances: 4 })
    await log.flush(1000)
    expect(read('stdout')).toEqual(['web:2 | work'])
    expect(read('stderr')).toEqual(['web:2 | woe', 'resil | warning: web is degraded: 3 of 4 workers ready'])
  })

  test('a terminal gets colours, and the file none, but stamps', async () => {
    const { log, publisher, read, clock } = await setUp({ isTty: true, file: true, env: { TERM: 'xterm' } })
    log.line({ at: clock.wallNow(), app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'hi' })
    publisher.publish({ type: 'app.stopped', app: 'web' })
    await log.flush(1000)
    expect(read('stdout')).toEqual([`${paintAnsi('web:0 |', colourOf('web', 0))} hi`])
    const stamp = new Date(clock.wallNow()).toISOString()
    expect(read('logs/web.log')).toEqual([`${stamp} web:0 | hi`, `${stamp} resil | web is stopped`])
  })
})

describe('json', () => {
  test('everything is one stream of objects, the events among them by pino', async () => {
    const { log, publisher, read, clock } = await setUp({ format: 'json', file: true })
    log.line({ at: 5, app: 'web', slot: 0, pid: 7, stream: 'stderr', text: 'plain' })
    log.line({ at: 5, app: 'web', slot: 0, pid: 7, stream: 'stdout', text: '{"level":30,"msg":"own"}' })
    publisher.publish({ type: 'worker.ready', worker: worker(1), bootMs: 240, by: 'listening' })
    publisher.publish({ type: 'supervisor.signalled', signal: 'SIGTERM', action: 'stop' })
    await log.flush(1000)
    const stdout = read('stdout')
    expect(stdout.map((line) => JSON.parse(line))).toEqual([
      { level: 'error', time: 5, app: 'web', slot: 0, pid: 7, stream: 'stderr', msg: 'plain' },
      { app: 'web', slot: 0, pid: 7, stream: 'stdout', level: 30, msg: 'own' },
      {
        level: 'info',
        time: clock.wallNow(),
        app: 'web',
        slot: 0,
        pid: 1001,
        stream: 'resil',
        seq: 1,
        event: { type: 'worker.ready', worker: worker(1), bootMs: 240, by: 'listening' },
        msg: 'web:0 (pid 1001) is ready after 240 ms',
      },
      {
        level: 'info',
        time: clock.wallNow(),
        stream: 'resil',
        seq: 2,
        event: { type: 'supervisor.signalled', signal: 'SIGTERM', action: 'stop' },
        msg: 'received SIGTERM: stopping gracefully; a second one forces',
      },
    ])
    expect(read('stderr')).toEqual([])
    expect(read('logs/web.log')).toEqual(stdout)
  })
})

describe('levels', () => {
  test.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ] as const)('%s lets %d of four events through, and every line of the app', async (level, expected) => {
    for (const format of ['pretty', 'json'] as const) {
      const { log, publisher, read } = await setUp({ format, level })
      publisher.publish({ type: 'worker.forked', worker: worker(1), trial: false })
      publisher.publish({ type: 'app.stopped', app: 'web' })
      publisher.publish({ type: 'app.degraded', app: 'web', ready: 1, instances: 2 })
      publisher.publish({ type: 'app.failed', app: 'web', reason: 'exhausted', exit: null })
      log.line({ at: 0, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'debug: mine' })
      await log.flush(1000)
      expect(read('stdout').filter((line) => line.includes('mine'))).toHaveLength(1)
      expect([...read('stdout'), ...read('stderr')].length - 1).toBe(expected)
      expect(log.recent().filter(({ stream }) => stream === 'resil')).toHaveLength(expected)
    }
  })
})

test("a worker's last words come before what resil says of its end", async () => {
  const { log, publisher, read } = await setUp()
  publisher.publish({ type: 'worker.ready', worker: worker(9), bootMs: 1, by: 'listening' })
  const { stderr, end } = capture(log, worker(1))
  publisher.publish(exited(1, 0, { kind: 'code' }))
  publisher.publish({ type: 'app.degraded', app: 'web', ready: 0, instances: 1 })
  stderr.write('TypeError: x is undefined\n')
  await end()
  await log.flush(1000)
  expect(read('stderr').slice(1)).toEqual([
    'web:0 | TypeError: x is undefined',
    'resil | warning: web:0 (pid 1001) exited with code 1 after 100 ms; restarting at once (1st crash)',
    'resil | warning: web is degraded: 0 of 1 worker ready',
  ])
})

test('words that never come hold nothing up for more than half a second', async () => {
  const { log, publisher, clock } = await setUp()
  capture(log, worker(1))
  publisher.publish(exited(1))
  expect(log.recent()).toEqual([])
  clock.advance(500)
  await new Promise(setImmediate)
  expect(log.recent().map(({ text }) => text)).toEqual([
    'web:0 (pid 1001) failed to boot: exited with code 1 after 100 ms; restarting at once (1st crash)',
  ])
})

test('an app that throws at boot shows its error once, and the last word on it counts the others', async () => {
  const { log, publisher, read } = await setUp()
  for (let id = 1; id <= 12; id += 1) {
    const { stderr, end } = capture(log, worker(id, id % 4))
    stderr.write(`Error: no config\n    at server.js:3\n[pid ${1000 + id}]\n`)
    await end()
    publisher.publish(exited(id, id % 4))
  }
  publisher.publish({ type: 'app.failed', app: 'web', reason: 'never-ready', exit })
  await log.flush(1000)
  const lines = read('stderr')
  expect(lines.filter((line) => line.includes('no config'))).toEqual(['web:1 | Error: no config'])
  expect(lines.filter((line) => line.includes('failed to boot'))).toHaveLength(13)
  expect(lines.at(-1)).toBe(
    'resil | error: web never became ready and is given up (its last worker failed to boot: exited with code 1 after 100 ms): mend what its own output says, then start it again (same error in 11 other boots)',
  )
  expect(log.lastWords('web', null, 1).map(({ text }) => text)).toEqual(['[pid 1001]'])
})

test('flush waits for the words of workers that have ended, and shows what was held', async () => {
  const { log, publisher, read } = await setUp()
  const { stderr, end } = capture(log, worker(1))
  const booting = capture(log, worker(2, 1))
  booting.stderr.write('half a word\n')
  publisher.publish(exited(1))
  const flushed = log.flush(1000)
  stderr.write('last words\n')
  await end()
  await flushed
  expect(read('stderr')).toEqual([
    'web:0 | last words',
    'resil | error: web:0 (pid 1001) failed to boot: exited with code 1 after 100 ms; restarting at once (1st crash)',
    'web:1 | half a word',
  ])
})

test('a log file that can not be written is told once, and costs nothing else', async () => {
  const dir = tempDir()
  const fd = openSync(join(dir, 'out'), 'w')
  const clock = fakeClock()
  const publisher = createPublisher({ wallNow: clock.wallNow, capacity: 100 })
  const log = await openLog({
    settings: { level: 'info', format: 'pretty', file: '/dev/full', maxSizeBytes: 1000, maxFiles: 2 },
    fds: { stdout: fd, stderr: fd },
    isTty: { stdout: false, stderr: false },
    env: {},
    clock,
    publisher,
  })
  opened.push({ log, fds: [fd] })
  for (let i = 0; i < 5; i += 1) {
    log.line({ at: 0, app: 'web', slot: 0, pid: 1, stream: i % 2 === 0 ? 'stdout' : 'stderr', text: `line ${i}` })
    await log.flush(1000)
  }
  const lines = readFileSync(join(dir, 'out'), 'utf8').trimEnd().split('\n')
  expect(lines.filter((line) => line.startsWith('web:0 | '))).toEqual([0, 1, 2, 3, 4].map((i) => `web:0 | line ${i}`))
  const told = publisher.recent().filter(({ type }) => type === 'output.dropped')
  expect(told[0]).toMatchObject({ to: '/dev/full', error: 'ENOSPC', lines: 1 })
})

test('a subscriber that throws is reported, and harms neither log nor worker', async () => {
  const { log, publisher, read } = await setUp()
  log.subscribe(() => {
    throw new Error('socket is gone')
  })
  log.line({ at: 0, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'a' })
  log.line({ at: 0, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'b' })
  await log.flush(1000)
  expect(read('stdout')).toEqual(['web:0 | a', 'web:0 | b'])
  expect(publisher.recent().map((event) => 'message' in event && event.message)).toEqual([
    'a listener of lines threw: socket is gone',
  ])
})

test('who waits for an event finds its line in the file, and the last words of the app before it', async () => {
  const seen: string[] = []
  const { log, publisher } = await setUp({
    file: true,
    onWritten: ({ type }, file) => seen.push(type, readFileSync(file, 'utf8')),
  })
  const { stderr, end } = capture(log, worker(1))
  publisher.publish(exited(1))
  publisher.publish({ type: 'app.failed', app: 'web', reason: 'never-ready', exit: null })
  stderr.write('Error: no database\n')
  await new Promise(setImmediate)
  expect(seen).toEqual([])
  await end()
  await log.flush(1000)
  const [first, , last, text] = seen
  expect([first, last]).toEqual(['worker.exited', 'app.failed'])
  expect(text).toMatch(/Error: no database[\s\S]*web/)
})

test('after close nothing is told any more and no timer runs', async () => {
  const { log, publisher, clock } = await setUp()
  const { stderr } = capture(log, worker(1))
  stderr.write('held\n')
  await new Promise(setImmediate)
  await log.flush(1000)
  log.close()
  publisher.publish({ type: 'app.stopped', app: 'web' })
  expect(log.recent().map(({ text }) => text)).toEqual(['held'])
  expect(clock.pending).toBe(0)
})
