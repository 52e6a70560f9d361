import { expect, test } from 'vitest'
import { findJsonError } from '../../../src/config/files/json-error.ts'
import { fc } from '../../support/property.ts'

test.each([
  ['{\n  "a": 1,\n  "b" 2\n}', 3, 7, 'expected ":", found "2"'],
  ['{\n  "a": 1,\n}', 2, 9, 'a trailing comma: JSON allows none'],
  ['[1, 2,]', 1, 6, 'a trailing comma: JSON allows none'],
  ['{ "a": 1 "b": 2 }', 1, 10, 'expected "," or "}", found "\\""'],
  ['{\n  // why\n  "a": 1 }', 2, 3, 'a comment: JSON allows none (YAML and .mjs do)'],
  ['# yaml\na: 1', 1, 1, 'a comment: JSON allows none (YAML and .mjs do)'],
  ["{ 'a': 1 }", 1, 3, 'expected a name in double quotes, found "\'"'],
  ['{ "a": \'b\' }', 1, 8, 'single quotes: JSON wants "double" ones'],
  ['{ a: 1 }', 1, 3, 'expected a name in double quotes, found "a"'],
  ['{ "a": tru }', 1, 8, 'expected a value, found "t"'],
  ['{ "a": 01 }', 1, 8, 'expected a value, found "0"'],
  ['{ "a": 30s }', 1, 8, 'expected a value, found "3"'],
  ['{ "a": 1', 1, 9, 'expected "," or "}", found the end of the file'],
  ['', 1, 1, 'expected a value, found the end of the file'],
  ['{} {}', 1, 4, 'unexpected "{" after the end of the document'],
  ['{ "a": "b\n" }', 1, 10, 'a text that does not end on its line'],
  ['{ "a": "b', 1, 10, 'the file ends within a text'],
  ['{ "a": "\\x" }', 1, 9, 'unknown escape "\\\\x"'],
])('%j: found at its place', (text, line, column, message) => {
  expect(findJsonError(text)).toEqual({ line, column, message })
})

test('what JSON.parse takes has no error, and the other way round', () => {
  const texts = fc.oneof(
    fc.json(),
    fc
      .json()
      .chain((json) =>
        fc
          .tuple(fc.nat({ max: json.length }), fc.constantFrom(...',:{}[]"\\01e-. \n'))
          .map(([at, char]) => json.slice(0, at) + char + json.slice(at + 1)),
      ),
    fc.string(),
  )
  fc.assert(
    fc.property(texts, (text) => {
      let parses = true
      try {
        JSON.parse(text)
      } catch {
        parses = false
      }
      expect(findJsonError(text) === undefined).toBe(parses)
    }),
    { numRuns: 2_000 },
  )
})
