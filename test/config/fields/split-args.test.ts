import { expect, test } from 'vitest'
import { splitArgs } from '../../../src/config/fields/split-args.ts'
import { fc } from '../../support/property.ts'

test.each([
  ['', []],
  ['  --a   --b=1 ', ['--a', '--b=1']],
  ['--title "my app"', ['--title', 'my app']],
  ['--title \'my "app"\'', ['--title', 'my "app"']],
  ['-r ./a\\ b.js', ['-r', './a b.js']],
  ['--x="a b"c', ['--x=a bc']],
  ['""', ['']],
  ['"a \\"b\\" \\\\ \\n"', ['a "b" \\ \\n']],
  ["'a\\b'", ['a\\b']],
  ['a\\', ['a\\']],
])('%j is split as a shell would', (line, args) => {
  expect(splitArgs(line)).toEqual({ ok: true, args })
})

test.each([
  ['--a "b', '"'],
  ["it's", "'"],
])('%j is refused for its open quote', (line, quote) => {
  expect(splitArgs(line)).toEqual({ ok: false, problem: `a ${quote} is opened and never closed` })
})

test('any list of words survives being quoted and split', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const line = words.map((word) => `"${word.replaceAll(/["\\]/g, '\\$&')}"`).join(' ')
      expect(splitArgs(line)).toEqual({ ok: true, args: words })
    }),
  )
})
