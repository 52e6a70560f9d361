// Real pipes and sockets with readers that read late, never, or go away: the log's writer never waits for them, and can exit.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../support/bundle.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../../support/processes.ts'
import { tempDir } from '../../support/temp-dir.ts'

const LINES = 20_000
const FLUSH_MS = 500

/** Writes 20 MB of lines, far more than pipe and queue hold, once it is told to. */
const WRITER = `
  import { once } from 'node:events'
  import { systemClock } from './src/clock.ts'
  import { createPublisher } from './src/events/publisher.ts'
  import { openLog } from './src/process/output/log.ts'

  const [format, flushMs] = process.argv.slice(2)
  const publisher = createPublisher({ wallNow: systemClock.wallNow, capacity: 1000 })
  const log = await openLog({
    settings: { level: 'info', format, maxSizeBytes: 1e6, maxFiles: 1 },
    fds: { stdout: 1, stderr: 2 }, isTty: { stdout: false, stderr: false }, env: {},
    clock: systemClock, publisher,
  })
  await once(process, 'message')
  const rest = 'x'.repeat(1000)
  for (let i = 0; i < ${LINES}; i += 1) {
    log.line({ at: i, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: i + ' ' + rest })
    if (i % 100 === 0) await new Promise(setImmediate)
  }
  process.send('written')
  await once(process, 'message')
  await log.flush(Number(flushMs))
  log.close()
  const lost = publisher.recent().flatMap((event) => (event.type === 'output.dropped' ? event : []))
  process.send({ lost }, () => process.exit(0))
`

let program: string
beforeAll(async () => {
  program = await bundle(WRITER)
})
afterAll(() => assertNoProcessLeft())

interface Writer {
  readonly child: ChildProcess
  readonly stdout: Readable
  /** All of it, once the writer has ended. */
  readonly stderr: Promise<string>
  /** The parent's own end for writing, where there is one to look at. */
  readonly writeEnd: number | null
}

const env = { ...process.env, [MARK_VARIABLE]: mark }

function overSocket(format: string, flushMs: number): Writer {
  const child = spawn(process.execPath, [program, format, String(flushMs)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env,
  })
  if (child.stdout === null) throw new Error('stdout was asked for')
  return { child, stdout: child.stdout, stderr: collect(child), writeEnd: null }
}

function overPipe(format: string, flushMs: number): Writer {
  const path = join(tempDir(), 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  const child = spawn(process.execPath, [program, format, String(flushMs)], {
    stdio: ['ignore', writeEnd, 'pipe', 'ipc'],
    env,
  })
  return { child, stdout: new Socket({ fd: readEnd, writable: false }), stderr: collect(child), writeEnd }
}

async function collect(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const part of child.stderr?.setEncoding('utf8') ?? []) text += part
  return text
}

/** A write that waited for a reader who never reads would never be over. */
async function writeAll(child: ChildProcess): Promise<void> {
  const written = once(child, 'message')
  child.send('write')
  await written
}

interface End {
  readonly lost: { readonly lines: number; readonly error: string | null }[]
  readonly exit: unknown[]
}

async function end(child: ChildProcess): Promise<End> {
  // The exit may be known before the last message is read.
  const ended = Promise.all([once(child, 'message'), once(child, 'exit')])
  child.send('end')
  const [[{ lost }], exit] = await ended
  return { lost, exit }
}

const ways = [
  ['a pipe', overPipe],
  ['a socket', overSocket],
] as const

describe.each(ways)('over %s', (_, start) => {
  test('a reader that never reads holds nobody up, neither at work nor at exit', async () => {
    const { child, stdout, stderr, writeEnd } = start('pretty', FLUSH_MS)
    stdout.pause()
    await writeAll(child)
    const { lost, exit } = await end(child)
    expect(exit).toEqual([0, null])
    // 8 MiB stay queued, and are lost with the exit; the rest was told on the way out.
    expect(lost).toHaveLength(1)
    expect(lost[0]?.lines).toBeGreaterThan(10_000)
    expect(await stderr).toContain(`${lost[0]?.lines} lines of output`)
    stdout.destroy()
    if (writeEnd !== null) closeSync(writeEnd)
  })

  test.each(['pretty', 'json'])('a reader that reads late gets each line or its count (%s)', async (format) => {
    const { child, stdout, stderr, writeEnd } = start(format, 30_000)
    stdout.pause()
    await writeAll(child)
    const read = once(stdout, 'end')
    if (writeEnd !== null) closeSync(writeEnd)
    let text = ''
    stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    stdout.resume()
    const { lost } = await end(child)
    await read
    const numberOf =
      format === 'json' ? (line: string) => JSON.parse(line).msg : (line: string) => line.slice('web:0 | '.length)
    const lines = text.trimEnd().split('\n')
    const own = lines.filter((line) => line.includes('"stream":"resil"'))
    const numbers = lines
      .filter((line) => !own.includes(line))
      .map((line) => Number(/^(\d+) x{1000}$/.exec(numberOf(line))?.[1]))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(lost.reduce((sum, { lines: count }) => sum + count, 0) + numbers.length).toBe(LINES)
    const told = format === 'json' ? own.join('\n') : await stderr
    expect(told).toContain('lines of output')
  })

  test('a reader that goes away ends nothing', async () => {
    const { child, stdout, stderr, writeEnd } = start('pretty', FLUSH_MS)
    if (writeEnd !== null) closeSync(writeEnd)
    stdout.destroy()
    await once(stdout, 'close')
    await writeAll(child)
    const { lost, exit } = await end(child)
    expect(exit).toEqual([0, null])
    expect(lost[0]?.error).toBe('EPIPE')
    expect(await stderr).toContain('its reader is gone (EPIPE)')
  })
})

test('the pipe that others write too stays as they know it: blocking', async () => {
  const { child, stdout, writeEnd } = overPipe('pretty', FLUSH_MS)
  stdout.pause()
  await writeAll(child)
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${writeEnd}`, 'utf8'))?.[1]
  expect(Number.parseInt(flags ?? '', 8) & constants.O_NONBLOCK).toBe(0)
  await end(child)
  stdout.destroy()
  if (writeEnd !== null) closeSync(writeEnd)
})
