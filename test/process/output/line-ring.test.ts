import { expect, test } from 'vitest'
import { createLineRing, type LineRing } from '../../../src/process/output/line-ring.ts'
import { RECENT_LINES } from '../../../src/process/output/recent-lines.ts'
import type { LogLine } from '../../../src/protocol/control.ts'
import { fc } from '../../support/property.ts'

const line = (text: string): LogLine => ({ at: 0, app: 'web', slot: 0, pid: 1, stream: 'stdout', text })
const all = (ring: LineRing) => Array.from({ length: ring.length }, (_, index) => ring.at(index))

const anyLine = fc.record<LogLine>({
  at: fc.nat(2 ** 42),
  app: fc.constantFrom('web', 'cron', null),
  slot: fc.constantFrom(0, 1, 64, null),
  pid: fc.constantFrom(1, 4_194_304, null),
  stream: fc.constantFrom('stdout', 'stderr', 'resil'),
  text: fc.string({ unit: 'grapheme', maxLength: 6 }),
})

test('what is kept is the end of what was pushed, exactly as it was, within both bounds', () => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 80 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 400, max: 800 }),
      (lines, maxLines, maxBytes) => {
        const ring = createLineRing({ maxLines, maxBytes })
        for (const each of lines) ring.push(each)
        const kept = all(ring)
        expect(kept.length).toBeLessThanOrEqual(maxLines)
        expect(kept).toEqual(lines.slice(lines.length - kept.length))
        // What may be lost beyond the bounds is the room for one line at the buffer's end.
        const bytesOf = ({ text }: LogLine) => Buffer.byteLength(text) + 1
        let room = maxBytes - Math.max(...lines.map(bytesOf), 0)
        const expected = lines.toReversed().findIndex((each) => {
          room -= bytesOf(each)
          return room < 0
        })
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(maxLines, expected === -1 ? lines.length : expected))
      },
    ),
    { numRuns: 1000 },
  )
})

test('a long line is kept in part, whole characters only, and does not push out the others', () => {
  const ring = createLineRing({ maxLines: 100, maxBytes: 800 })
  ring.push(line('before'))
  ring.push(line('世'.repeat(1000)))
  ring.push(line('after'))
  const [before, long, after] = all(ring).map(({ text }) => text)
  expect([before, after]).toEqual(['before', 'after'])
  expect(long).toMatch(/^世{20,} …\(3000 bytes in all\)$/)
  expect(Buffer.byteLength(long ?? '')).toBeLessThanOrEqual(100)
})

test('a line is recognised by app and slot', () => {
  const ring = createLineRing({ maxLines: 2, maxBytes: 100 })
  ring.push({ ...line('x'), app: 'web', slot: 2 })
  ring.push({ ...line('y'), app: null, slot: null })
  expect([ring.isOf(0, 'web', 2), ring.isOf(0, 'web', null), ring.isOf(0, 'web', 1), ring.isOf(0, 'cron', 2)]).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect([ring.isOf(1, 'web', null), ring.isOf(1, 'web', 2)]).toEqual([false, false])
})

test('the memory of the default bounds is less than a mebibyte, whatever the text', () => {
  const before = process.memoryUsage().arrayBuffers
  const ring = createLineRing(RECENT_LINES)
  const taken = process.memoryUsage().arrayBuffers - before
  for (let i = 0; i < 5000; i += 1) ring.push(line('世'.repeat(1 + (i % 400))))
  expect(ring.length).toBeGreaterThan(500)
  // Beside the buffers there is one reference per line.
  expect(taken + RECENT_LINES.maxLines * 8).toBeLessThan(1024 * 1024)
})
