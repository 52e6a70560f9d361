import { describe, expect, test } from 'vitest'
import { jsonLine } from '../../../src/process/output/json-line.ts'
import type { LogLine } from '../../../src/protocol/control.ts'
import { fc } from '../../support/property.ts'

const from = (text: string, overrides: Partial<LogLine> = {}): LogLine => ({
  at: 1_700_000_000_000,
  app: 'web',
  slot: 2,
  pid: 4121,
  stream: 'stdout',
  text,
  ...overrides,
})

describe('the app writes JSON objects', () => {
  test.each([
    ['{"level":30,"msg":"hi"}', '{"app":"web","slot":2,"pid":4121,"stream":"stdout","level":30,"msg":"hi"}\n'],
    ['{}', '{"app":"web","slot":2,"pid":4121,"stream":"stdout"}\n'],
    ['  { "a": 1 }  ', '  {"app":"web","slot":2,"pid":4121,"stream":"stdout", "a": 1 }  \n'],
    // pino and Fastify write their pid themselves: the same value needs no second place.
    ['{"pid":4121,"msg":"hi"}', '{"app":"web","slot":2,"stream":"stdout","pid":4121,"msg":"hi"}\n'],
    ['{"pid":7,"a":1}', '{"app":"web","slot":2,"stream":"stdout","resil":{"pid":4121},"pid":7,"a":1}\n'],
    [
      '{"app":"shop","resil":true,"stream":null}',
      '{"slot":2,"pid":4121,"resil_":{"app":"web","stream":"stdout"},"app":"shop","resil":true,"stream":null}\n',
    ],
    ['{"app":"web","slot":2,"pid":4121,"stream":"stdout"}', '{"app":"web","slot":2,"pid":4121,"stream":"stdout"}\n'],
    // Neither numbers nor repeated keys go through our hands.
    [
      '{"id":12345678901234567890,"a":1,"a":2}',
      '{"app":"web","slot":2,"pid":4121,"stream":"stdout","id":12345678901234567890,"a":1,"a":2}\n',
    ],
  ])('%s', (text, expected) => {
    expect(jsonLine(from(text))).toBe(expected)
  })

  test('any object stays valid JSON on one line, with its own keys as they were and ours findable', () => {
    const key = fc.oneof(
      fc.constantFrom('app', 'slot', 'pid', 'stream', 'resil', 'resil_', '__proto__', ''),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.constantFrom('', ' ', '\t'), (own, space) => {
        const text = `${space}${JSON.stringify(own)}${space}`
        const output = jsonLine(from(text))
        expect(output.indexOf('\n')).toBe(output.length - 1)
        const merged = JSON.parse(output)
        for (const [name, value] of Object.entries(JSON.parse(text))) {
          expect(Object.getOwnPropertyDescriptor(merged, name)?.value).toEqual(value)
        }
        const apart =
          merged[Object.keys(merged).find((name) => /^resil_*$/.test(name) && !Object.hasOwn(own, name)) ?? '']
        for (const [name, value] of Object.entries({ app: 'web', slot: 2, pid: 4121, stream: 'stdout' })) {
          expect(Object.hasOwn(own, name) && own[name] !== value ? apart[name] : merged[name]).toBe(value)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('a megabyte is passed on unchanged behind our fields', () => {
    const text = JSON.stringify({ msg: 'x'.repeat(1024 * 1024), n: 1 })
    const output = jsonLine(from(text))
    expect(output.endsWith(`${text.slice(1)}\n`)).toBe(true)
    expect(JSON.parse(output).app).toBe('web')
  })
})

describe('the app writes anything else', () => {
  test.each([
    ['plain text'],
    [''],
    ['{not json}'],
    ['{"a":1} trailing'],
    ['{"a":1'],
    ['[1,2]'],
    ['"text"'],
    ['42'],
    ['null'],
    ['text {"a":1}'],
    ['quotes " and \\ and \u001b[31mcolours\u001b[39m and \t tabs'],
    ['\ufeff{"a":1}'],
  ])('%j becomes the message of an object', (text) => {
    expect(JSON.parse(jsonLine(from(text)))).toEqual({
      level: 'info',
      time: 1_700_000_000_000,
      app: 'web',
      slot: 2,
      pid: 4121,
      stream: 'stdout',
      msg: text,
    })
  })

  test('stderr is told as an error', () => {
    expect(JSON.parse(jsonLine(from('oh no', { stream: 'stderr' })))).toMatchObject({
      level: 'error',
      stream: 'stderr',
    })
  })

  test('any text is one line of valid JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const output = jsonLine(from(text))
        expect(output.indexOf('\n')).toBe(output.length - 1)
        expect(() => JSON.parse(output)).not.toThrow()
      }),
    )
  })
})
