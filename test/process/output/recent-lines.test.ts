import { expect, test } from 'vitest'
import { createRecentLines } from '../../../src/process/output/recent-lines.ts'
import type { LogLine } from '../../../src/protocol/control.ts'

const line = (text: string, overrides: Partial<LogLine> = {}): LogLine => ({
  at: 0,
  app: 'web',
  slot: 0,
  pid: 1,
  stream: 'stdout',
  text,
  ...overrides,
})

const fail = (error: unknown) => {
  throw error
}
const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text)

test('keeps the newest lines, oldest first', () => {
  const memory = createRecentLines({ maxLines: 2, maxBytes: 1000 }, fail)
  for (const text of ['a', 'b', 'c']) memory.push(line(text))
  expect(texts(memory.recent())).toEqual(['b', 'c'])
})

test('a listener is given the whole of a line that is remembered in part', () => {
  const memory = createRecentLines({ maxLines: 10, maxBytes: 800 }, fail)
  const whole: string[] = []
  memory.subscribe(({ text }) => whole.push(text))
  memory.push(line('x'.repeat(10_000)))
  expect(whole[0]).toHaveLength(10_000)
  expect(texts(memory.recent())[0]).toMatch(/^x+ …\(10000 bytes in all\)$/)
})

test('last words are those of the app and slot, from either stream, never of resil', () => {
  const memory = createRecentLines({ maxLines: 100, maxBytes: 10_000 }, fail)
  memory.push(line('a', { slot: 0 }))
  memory.push(line('b', { slot: 1, stream: 'stderr' }))
  memory.push(line('c', { slot: 1 }))
  memory.push(line('d', { slot: 1, stream: 'resil' }))
  memory.push(line('e', { app: 'cron', slot: 1 }))
  memory.push(line('f', { slot: 1, stream: 'stderr' }))
  expect(texts(memory.lastWords('web', 1, 10))).toEqual(['b', 'c', 'f'])
  expect(texts(memory.lastWords('web', 1, 2))).toEqual(['c', 'f'])
  expect(texts(memory.lastWords('web', null, 10))).toEqual(['a', 'b', 'c', 'f'])
  expect(memory.lastWords('db', null, 10)).toEqual([])
})

test('a listener that throws is told to whoever asked, hears nothing more, and harms nobody', () => {
  const faults: unknown[] = []
  const memory = createRecentLines({ maxLines: 10, maxBytes: 1000 }, (error) => faults.push(error))
  const broken = new Error('socket is gone')
  memory.subscribe(() => {
    throw broken
  })
  const heard: string[] = []
  const subscription = memory.subscribe(({ text }) => heard.push(text))
  memory.push(line('a'))
  memory.push(line('b'))
  subscription.close()
  memory.push(line('c'))
  expect(faults).toEqual([broken])
  expect(heard).toEqual(['a', 'b'])
  expect(texts(memory.recent())).toEqual(['a', 'b', 'c'])
})
