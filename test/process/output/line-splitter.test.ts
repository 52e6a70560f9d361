import { expect, onTestFinished, test, vi } from 'vitest'
import { CONTINUED, createLineSplitter } from '../../../src/process/output/line-splitter.ts'
import { fc } from '../../support/property.ts'

const MEGABYTE = 1024 * 1024

function split(chunks: readonly Uint8Array[], maxBytes = 4 * MEGABYTE): string[] {
  const lines: string[] = []
  const splitter = createLineSplitter((text) => lines.push(text), maxBytes)
  for (const chunk of chunks) splitter.write(chunk)
  splitter.end()
  return lines
}

const utf8 = (text: string) => Buffer.from(text)

test.each([
  ['', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\nb', ['a', 'b']],
  ['\n\n', ['', '']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a\r\r\n', ['a\r']],
  ['50 %\r100 %\n', ['50 %\r100 %']],
  ['\r\n', ['']],
  ['a\r', ['a']],
  ['grüße 世界 🎉\n', ['grüße 世界 🎉']],
])('%j is split into %j', (text, lines) => {
  expect(split([utf8(text)])).toEqual(lines)
})

test('any bytes in any chunking give the same lines', () => {
  // Few different bytes, so that newlines, carriage returns and parts of characters meet often.
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x41, 0xc3, 0xa9, 0xf0, 0x9f, 0x8e, 0x89), fc.nat(255))
  fc.assert(
    fc.property(
      fc.array(byte, { maxLength: 200 }),
      fc.array(fc.nat(200), { maxLength: 12 }),
      fc.integer({ min: 4, max: 40 }),
      (bytes, cuts, maxBytes) => {
        const all = Uint8Array.from(bytes)
        const edges = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length]
        const chunks = edges.slice(1).map((end, index) => all.subarray(edges[index], end))
        expect(split(chunks, maxBytes)).toEqual(split([all], maxBytes))
      },
    ),
    { numRuns: 2000 },
  )
})

test('lines without a carriage return come out as they went in', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      expect(split([utf8(`${lines.join('\n')}\n`)])).toEqual(lines)
    }),
  )
})

test('a line that is too long comes in parts that join to the whole, none longer than the limit, no character cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer({ min: 4, max: 20 }), (text, maxBytes) => {
      const line = text.replaceAll(/[\r\n]/g, '.')
      const parts = split([utf8(`${line}\n`)], maxBytes)
      const texts = parts.map((part, index) => (index < parts.length - 1 ? part.slice(0, -CONTINUED.length) : part))
      expect(texts.join('')).toBe(Buffer.from(line).toString())
      for (const part of texts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(maxBytes)
      for (const part of parts.slice(0, -1)) expect(part.endsWith(CONTINUED)).toBe(true)
    }),
  )
})

test('a line of exactly the limit stays whole; one byte more does not', () => {
  expect(split([utf8('abcd\n')], 4)).toEqual(['abcd'])
  expect(split([utf8('abcde\n')], 4)).toEqual([`abcd${CONTINUED}`, 'e'])
})

test('a long line without an end is given in parts while it still comes', () => {
  const lines: string[] = []
  const splitter = createLineSplitter((text) => lines.push(text), 4)
  splitter.write(utf8('abcdefghij'))
  expect(lines).toEqual([`abcd${CONTINUED}`, `efgh${CONTINUED}`])
  splitter.end()
  expect(lines.at(-1)).toBe('ij')
})

test('a line of a megabyte survives whole, also in chunks of 64 KiB', () => {
  const line = 'x'.repeat(MEGABYTE)
  const bytes = utf8(`${line}\nnext\n`)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65536) }, (_, i) =>
    bytes.subarray(i * 65536, (i + 1) * 65536),
  )
  const lines = split(chunks)
  expect(lines.map(({ length }) => length)).toEqual([MEGABYTE, 4])
  expect(lines[0] === line).toBe(true)
})

test('a long line in tiny chunks costs work in proportion to its length', () => {
  const copy = vi.spyOn(Buffer.prototype, 'copy')
  onTestFinished(() => copy.mockRestore())
  const chunk = utf8('x'.repeat(16))
  split(Array.from({ length: MEGABYTE / 16 }, () => chunk))
  const copied = copy.mock.results.reduce((sum, { value }) => sum + Number(value), 0)
  // Each byte once as it comes, and as often again in all as the buffer doubles.
  expect(copied).toBeGreaterThanOrEqual(MEGABYTE)
  expect(copied).toBeLessThanOrEqual(3 * MEGABYTE)
})

test('bytes that are no UTF-8 become replacement characters, and harm no other line', () => {
  expect(split([Uint8Array.from([0xff, 0xfe, 0x0a]), utf8('ok\n')])).toEqual(['��', 'ok'])
})
