import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecentLines, RECENT_LINES } from '../../../src/process/output/recent-lines.ts'
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

test('keeps the newest lines within both bounds, oldest first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 12 })),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 96, max: 200 }),
      (all, maxLines, maxChars) => {
        const memory = createRecentLines({ maxLines, maxChars }, fail)
        for (const text of all) memory.push(line(text))
        const expected: string[] = []
        let chars = 0
        for (const text of all.toReversed()) {
          if (expected.length === maxLines || chars + text.length > maxChars) break
          expected.unshift(text)
          chars += text.length
        }
        expect(texts(memory.recent())).toEqual(expected)
      },
    ),
  )
})

test('a long line is remembered in part, and does not push out all the others', () => {
  const memory = createRecentLines({ maxLines: 100, maxChars: 800 }, fail)
  const whole: string[] = []
  memory.subscribe(({ text }) => whole.push(text))
  memory.push(line('before'))
  memory.push(line('x'.repeat(10_000)))
  memory.push(line('after'))
  const [before, long, after] = texts(memory.recent())
  expect([before, after]).toEqual(['before', 'after'])
  expect(long).toHaveLength(100)
  expect(long).toMatch(/^x+ …\(9900 more characters\)$/)
  expect(whole[1]).toHaveLength(10_000)
})

test('last words are those of the app and slot, from either stream, never of resil', () => {
  const memory = createRecentLines({ maxLines: 100, maxChars: 10_000 }, fail)
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
  const memory = createRecentLines({ maxLines: 10, maxChars: 1000 }, (error) => faults.push(error))
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

test('the default bounds hold no more than a mebibyte, whatever the characters', () => {
  const bytesPerLine = 130
  const worst = RECENT_LINES.maxChars * 2 + RECENT_LINES.maxLines * bytesPerLine
  expect(worst).toBeLessThanOrEqual(1024 * 1024)
})
