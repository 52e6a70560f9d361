import { expect, test } from 'vitest'
import { createLineQueue, type LineQueue } from '../../../src/process/output/line-queue.ts'
import { fc } from '../../support/property.ts'

const add = (queue: LineQueue, line: string) => queue.add(line, Buffer.byteLength(line))

test('what goes in comes out, in order, whatever part of it each write takes', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('add' as const), line: fc.string({ unit: 'grapheme', maxLength: 20 }) }),
    fc.record({ do: fc.constant('write' as const), share: fc.constantFrom(0, 0.3, 1) }),
  )
  fc.assert(
    fc.property(fc.array(action), (actions) => {
      const queue = createLineQueue()
      let expected = ''
      let taken = Buffer.alloc(0)
      for (const step of [...actions, { do: 'write' as const, share: 1 }]) {
        if (step.do === 'add') {
          const line = `${step.line.replaceAll('\n', ' ')}\n`
          expected += line
          add(queue, line)
        } else {
          const bytes = queue.peek()
          if (bytes === null) continue
          const part = bytes.subarray(0, Math.floor(bytes.length * step.share))
          taken = Buffer.concat([taken, part])
          queue.advance(part.length)
        }
        expect(queue.size).toBe(Buffer.byteLength(expected) - taken.length)
      }
      expect(taken.toString()).toBe(Buffer.from(expected).toString())
      expect(queue.peek()).toBeNull()
    }),
  )
})

test('lines larger than a chunk, and more lines than one holds, keep their order', () => {
  const queue = createLineQueue()
  const lines = ['a\n', `${'b'.repeat(400_000)}\n`, `${'c'.repeat(200_000)}\n`, `${'d'.repeat(200_000)}\n`, 'e\n']
  for (const line of lines) add(queue, line)
  let taken = ''
  for (let bytes = queue.peek(); bytes !== null; bytes = queue.peek()) {
    taken += bytes.toString()
    queue.advance(bytes.length)
  }
  expect(taken === lines.join('')).toBe(true)
  expect(queue.size).toBe(0)
})

test('what is dropped is counted in lines, one that is written in part included', () => {
  const queue = createLineQueue()
  add(queue, 'one\n')
  add(queue, 'two\n')
  add(queue, '\n')
  queue.advance(2)
  expect(queue.isInsideLine()).toBe(true)
  expect(queue.dropPeeked()).toEqual({ lines: 3, bytes: 7 })
  expect([queue.size, queue.peek(), queue.dropPeeked()]).toEqual([0, null, { lines: 0, bytes: 0 }])
})

test('a line of which only the end is missing is not lost, but an empty line is', () => {
  const queue = createLineQueue()
  add(queue, 'one\n')
  add(queue, 'two\n')
  queue.advance(3)
  expect(queue.dropPeeked()).toEqual({ lines: 1, bytes: 4 })
  add(queue, 'one\n')
  add(queue, '\n')
  queue.advance(4)
  expect(queue.isInsideLine()).toBe(false)
  expect(queue.dropPeeked()).toEqual({ lines: 1, bytes: 1 })
})
