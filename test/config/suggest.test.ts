import { expect, test } from 'vitest'
import { didYouMean, editDistance, nearest } from '../../src/config/suggest.ts'
import { fc } from '../support/property.ts'

const names = ['instances', 'restart', 'reload', 'ready', 'shutdown', 'schedule']

test.each([
  ['instance', 'instances'],
  ['Instances', 'instances'],
  ['shut-down', 'shutdown'],
  ['shutdwon', 'shutdown'],
  ['raedy', 'ready'],
  ['restrat', 'restart'],
])('%s was meant as %s', (word, meant) => {
  expect(nearest(word, names)).toBe(meant)
})

test.each(['banana', 'x', 'memory', ''])('%j resembles nothing, and a wild guess is not made', (word) => {
  expect(nearest(word, names)).toBeUndefined()
  expect(didYouMean(word, names)).toBe('')
})

test('a suggestion reads as the end of a sentence', () => {
  expect(didYouMean('instnaces', names)).toBe('; did you mean "instances"?')
})

test('the distance is 0 only between equals, and the same in both directions', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a))
      expect(editDistance(a, b) === 0).toBe(a === b)
    }),
  )
})
