import { expect, test } from 'vitest'
import { createBootOutput } from '../../../src/process/output/boot-output.ts'
import type { LogLine } from '../../../src/protocol/control.ts'
import { fakeClock } from '../../support/fake-clock.ts'

function setUp() {
  const clock = fakeClock()
  const shown: string[] = []
  const output = createBootOutput(clock, ({ slot, text }) => shown.push(`${slot}: ${text}`))
  let lastWorker = 0
  /** A worker of the app that can write, and end. */
  function boot(slot: number, app = 'web') {
    lastWorker += 1
    const id = lastWorker
    output.booting(id, app)
    const write = (stream: LogLine['stream']) => (text: string) =>
      output.line(id, { at: clock.wallNow(), app, slot, pid: 1000 + id, stream, text })
    return {
      pid: 1000 + id,
      out: write('stdout'),
      err: write('stderr'),
      fail: () => output.ended(id, true),
      end: () => output.ended(id, false),
    }
  }
  return { clock, shown, output, boot }
}

test('the same error of twelve boots is shown once, and the eleven others are counted', () => {
  const { shown, output, boot } = setUp()
  for (let i = 0; i < 12; i += 1) {
    const worker = boot(i % 4)
    worker.err('Error: Cannot find module "./config"')
    worker.err('    at server.js:3')
    worker.fail()
  }
  expect(shown).toEqual(['0: Error: Cannot find module "./config"', '0:     at server.js:3'])
  expect(output.repetitions('web')).toBe(11)
})

test('four workers that boot and fail side by side show it once too', () => {
  const { shown, output, boot } = setUp()
  const workers = [0, 1, 2, 3].map((slot) => boot(slot))
  for (const worker of workers) worker.err('Error: boom')
  workers[2]?.fail()
  expect(shown).toEqual(['2: Error: boom'])
  for (const worker of workers) worker.fail()
  expect(shown).toHaveLength(1)
  expect(output.repetitions('web')).toBe(3)
})

test('an error that differs is never lost', () => {
  const { shown, output, boot } = setUp()
  for (const text of [
    'port 3000 is in use',
    'port 3001 is in use',
    'order 1234567890123 is broken',
    'order 1234567890124 is broken',
  ]) {
    const worker = boot(0)
    worker.err(text)
    worker.fail()
  }
  expect(shown).toHaveLength(4)
  expect(output.repetitions('web')).toBe(0)
})

test('one line more makes it another error', () => {
  const { shown, boot } = setUp()
  const first = boot(0)
  first.err('Error: boom')
  first.fail()
  const second = boot(1)
  second.err('Error: boom')
  second.err('caused by: disk full')
  second.fail()
  expect(shown).toEqual(['0: Error: boom', '1: Error: boom', '1: caused by: disk full'])
})

test.each([
  ['its own pid', (pid: number) => `worker ${pid} failed`],
  ["node's own prefix", (pid: number) => `(node:${pid}) Warning: deprecated`],
  ['a time of day', (pid: number) => `12:00:0${pid % 10}.123 failed`],
  ['an ISO stamp', (pid: number) => `[2026-11-23T22:28:3${pid % 10}.000Z] failed`],
  ['an address', (pid: number) => `at 0x7fff${pid.toString(16)}`],
  ['a duration', (pid: number) => `connect timed out after ${pid % 7} ms`],
  ['milliseconds since 1970', (pid: number) => `{"time":${1_700_000_000_000 + pid},"msg":"failed"}`],
])('two boots that differ only in %s said the same', (_, textOf) => {
  const { shown, output, boot } = setUp()
  for (const slot of [0, 1]) {
    const worker = boot(slot)
    worker.err(textOf(worker.pid))
    worker.fail()
  }
  expect(shown).toHaveLength(1)
  expect(output.repetitions('web')).toBe(1)
})

test('nothing is held for more than two seconds', () => {
  const { clock, shown, boot } = setUp()
  const worker = boot(0)
  worker.err('waiting for the database')
  clock.advance(1999)
  expect(shown).toEqual([])
  clock.advance(1)
  expect(shown).toEqual(['0: waiting for the database'])
  worker.err('still waiting')
  clock.advance(2000)
  expect(shown).toEqual(['0: waiting for the database', '0: still waiting'])
  expect(clock.pending).toBe(0)
})

test('an error after slow boots is shown once, also where what came before was shown for each', () => {
  const { clock, shown, boot } = setUp()
  const workers = [0, 1].map((slot) => boot(slot))
  for (const worker of workers) worker.err('connecting')
  clock.advance(5000)
  for (const worker of workers) {
    worker.err('Error: timed out')
    worker.fail()
  }
  expect(shown).toEqual(['0: connecting', '1: connecting', '0: Error: timed out'])
})

test('no more than 64 Ki characters are held', () => {
  const { shown, boot } = setUp()
  const worker = boot(0)
  worker.err('x'.repeat(65_536))
  expect(shown).toHaveLength(0)
  worker.err('y')
  expect(shown).toHaveLength(2)
})

test('stdout is never held', () => {
  const { shown, boot } = setUp()
  boot(0).out('starting')
  boot(1).out('starting')
  expect(shown).toEqual(['0: starting', '1: starting'])
})

test('once the app is ready everything comes at once, what was held first', () => {
  const { clock, shown, output, boot } = setUp()
  const [first, second] = [boot(0), boot(1)]
  first.err('DeprecationWarning: a')
  second.err('DeprecationWarning: a')
  output.ready('web')
  first.err('b')
  const late = boot(2)
  late.err('DeprecationWarning: a')
  late.fail()
  expect(shown).toEqual(['0: DeprecationWarning: a', '1: DeprecationWarning: a', '0: b', '2: DeprecationWarning: a'])
  expect(clock.pending).toBe(0)
})

test('a worker that was stopped while it booted keeps its words', () => {
  const { shown, output, boot } = setUp()
  for (const slot of [0, 1]) {
    const worker = boot(slot)
    worker.err('got SIGTERM')
    worker.end()
  }
  expect(shown).toHaveLength(2)
  expect(output.repetitions('web')).toBe(0)
})

test('apps do not know of each other: the same error of two apps is shown for each', () => {
  const { shown, output, boot } = setUp()
  for (const app of ['web', 'cron']) {
    const worker = boot(0, app)
    worker.err('Error: boom')
    worker.fail()
  }
  output.ready('cron')
  const worker = boot(0, 'web')
  worker.err('Error: boom')
  worker.fail()
  expect(shown).toHaveLength(2)
  expect(output.repetitions('web')).toBe(1)
})

test('release shows what is held, for a supervisor that is about to exit', () => {
  const { clock, shown, output, boot } = setUp()
  boot(0).err('half a word')
  output.release()
  expect(shown).toEqual(['0: half a word'])
  expect(clock.pending).toBe(0)
})

test('more different errors than are remembered are shown as they come', () => {
  const { shown, boot } = setUp()
  for (let i = 0; i < 20; i += 1) {
    const worker = boot(0)
    worker.err(`Error: number ${i}`)
    worker.fail()
  }
  const again = boot(0)
  again.err('Error: number 19')
  again.fail()
  expect(shown).toHaveLength(21)
})

test('a boot that fails without a word is no repetition', () => {
  const { shown, output, boot } = setUp()
  boot(0).fail()
  boot(1).fail()
  expect(shown).toEqual([])
  expect(output.repetitions('web')).toBe(0)
})
