import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { attachOutput } from '../../../src/process/output/worker-output.ts'
import type { LogLine } from '../../../src/protocol/control.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../../support/processes.ts'

afterAll(() => assertNoProcessLeft())

const MEGABYTE = 1024 * 1024

/** A real process that runs `script`, with its output read. */
function run(script: string) {
  const lines: LogLine[] = []
  const child: ChildProcess = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [MARK_VARIABLE]: mark },
  })
  const output = attachOutput({
    worker: { app: 'web', slot: 2, pid: child.pid ?? null },
    stdout: child.stdout,
    stderr: child.stderr,
    clock: systemClock,
    onLine: (line) => lines.push(line),
  })
  const exited = once(child, 'exit').then(() => output.exited())
  return { child, lines, output, exited, texts: () => lines.map(({ text }) => text) }
}

test('the last words of a process that writes and dies at once all arrive', async () => {
  const { lines, output, exited } = run(`
    const fs = require('node:fs')
    for (let i = 0; i < 2000; i += 1) fs.writeSync(1 + (i % 2), 'line ' + i + '\\n')
    fs.writeSync(2, 'no newline at the end')
    process.kill(process.pid, 'SIGKILL')
  `)
  await exited
  await output.closed
  const of = (stream: string) => lines.filter((line) => line.stream === stream).map(({ text }) => text)
  expect(of('stdout')).toEqual(Array.from({ length: 1000 }, (_, i) => `line ${2 * i}`))
  const odd = Array.from({ length: 1000 }, (_, i) => `line ${2 * i + 1}`)
  expect(of('stderr')).toEqual([...odd, 'no newline at the end'])
})

test('each line says who wrote it, and when', async () => {
  const before = Date.now()
  const { child, lines, output } = run(`console.log('grüße'); console.error('oh')`)
  await output.closed
  expect(lines.find(({ stream }) => stream === 'stdout')).toEqual({
    at: expect.any(Number),
    app: 'web',
    slot: 2,
    pid: child.pid,
    stream: 'stdout',
    text: 'grüße',
  })
  for (const { at } of lines) expect(at).toBeGreaterThanOrEqual(before)
})

test('a line of a megabyte survives whole', async () => {
  const { output, texts } = run(`process.stdout.write('x'.repeat(${MEGABYTE}) + '\\nnext\\n')`)
  await output.closed
  expect(texts().map(({ length }) => length)).toEqual([MEGABYTE, 4])
})

test('a process that a worker left behind does not delay the end, and may go on writing', async () => {
  const { lines, output, exited } = run(`
    const { spawn } = require('node:child_process')
    const late = "process.on('SIGUSR2', () => { console.log('late'); process.exit() }); setInterval(() => {}, 1000); console.log('ready')"
    const left = spawn(process.execPath, ['-e', late], { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    console.log(left.pid)
    left.unref()
  `)
  await exited
  await output.closed
  const left = Number(lines[0]?.text)
  expect(left).toBeGreaterThan(0)
  await until(() => lines.some(({ text }) => text === 'ready'))
  process.kill(left, 'SIGUSR2')
  await until(() => lines.some(({ text }) => text === 'late'))
})

test('close lets go of streams that somebody still holds', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts: string[] = []
  const output = attachOutput({
    worker: { app: 'web', slot: 0, pid: 1 },
    stdout,
    stderr,
    clock: fakeClock(),
    onLine: ({ text }) => texts.push(text),
  })
  stdout.write('half')
  await new Promise(setImmediate)
  output.close()
  await output.closed
  expect([stdout.destroyed, stderr.destroyed]).toEqual([true, true])
  expect(texts).toEqual(['half'])
})

test('the grace after the exit runs once, and leaves no timer when the streams end first', async () => {
  const clock = fakeClock()
  const stdout = new PassThrough()
  const output = attachOutput({
    worker: { app: 'web', slot: 0, pid: 1 },
    stdout,
    stderr: null,
    clock,
    onLine: () => undefined,
  })
  output.exited()
  output.exited()
  expect(clock.pending).toBe(1)
  stdout.end()
  await output.closed
  expect(clock.pending).toBe(0)
})

test('words that have come by the end of the grace are not cut off, however late its timer is', async () => {
  const clock = fakeClock()
  const stdout = new PassThrough()
  const texts: string[] = []
  const output = attachOutput({
    worker: { app: 'web', slot: 0, pid: 1 },
    stdout,
    stderr: null,
    clock,
    onLine: ({ text }) => texts.push(text),
  })
  output.exited()
  stdout.write('last words\n')
  clock.advance(60_000)
  await output.closed
  expect(texts).toEqual(['last words'])
})

test('a pipe that fails ends the stream and nothing else', async () => {
  const stdout = new PassThrough()
  const texts: string[] = []
  const output = attachOutput({
    worker: { app: 'web', slot: 0, pid: 1 },
    stdout,
    stderr: null,
    clock: fakeClock(),
    onLine: ({ text }) => texts.push(text),
  })
  stdout.write('before')
  await new Promise(setImmediate)
  stdout.destroy(new Error('read EIO'))
  await output.closed
  expect(texts).toEqual(['before'])
})

test('output that is not captured is closed from the start', async () => {
  const output = attachOutput({
    worker: { app: 'web', slot: 0, pid: 1 },
    stdout: null,
    stderr: null,
    clock: fakeClock(),
    onLine: () => undefined,
  })
  output.exited()
  await output.closed
})

/** Lines of a foreign process come when they come; each turn of the event loop is a chance. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 50_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
