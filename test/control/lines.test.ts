import { describe, expect, it } from 'vitest'
import { lineReader } from '../../src/control/lines.ts'
import { fc } from '../support/property.ts'

function read(chunks: readonly Buffer[], maxBytes = 1_000) {
  const seen: (string | null)[] = []
  const take = lineReader({ maxBytes, onLine: (line) => seen.push(line), onTooLong: () => seen.push(null) })
  for (const chunk of chunks) take(chunk)
  return seen
}

/** Cuts at arbitrary places, inside characters too. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text)
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const lineOf = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ' '))

describe('the line reader', () => {
  it('gives the same lines however the bytes were cut', () => {
    fc.assert(
      fc.property(fc.array(lineOf), fc.array(fc.nat()), (lines, places) => {
        const text = lines.map((line) => `${line}\n`).join('')
        expect(read(cut(text, places))).toEqual(lines.map((line) => Buffer.from(line).toString()))
      }),
    )
  })

  it('keeps a line that has not ended to itself', () => {
    expect(read([Buffer.from('one\ntw'), Buffer.from('o')])).toEqual(['one'])
  })

  it('reports a line over the limit once, wherever it is cut, and reads the next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 60 }), fc.array(fc.nat()), (length, places) => {
        expect(read(cut(`before\n${'x'.repeat(length)}\nafter\n`, places), 10)).toEqual(['before', null, 'after'])
      }),
    )
  })

  it('takes a line of exactly the limit', () => {
    expect(read([Buffer.from('0123456789\n')], 10)).toEqual(['0123456789'])
  })

  it('skips a line that never ends', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    expect(read(Array.from({ length: 1_000 }, () => chunk))).toEqual([null])
  })
})
