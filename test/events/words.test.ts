import { expect, test } from 'vitest'
import { count, duration, list, ordinal, size, slotName, workerName } from '../../src/events/words.ts'

test.each([
  [0, '0 ms'],
  [-3, '0 ms'],
  [0.4, '0 ms'],
  [240, '240 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1000, '1 s'],
  [3240, '3.2 s'],
  [9949, '9.9 s'],
  [9950, '10 s'],
  [45_400, '45 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [60_000, '1 min'],
  [182_000, '3 min 2 s'],
  [3_599_499, '59 min 59 s'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_399_000, '1 d'],
  [273_600_000, '3 d 4 h'],
  [Number.POSITIVE_INFINITY, 'for ever'],
])('%d ms is said as "%s"', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [3482, '3.4 KiB'],
  [1_048_500, '1 MiB'],
  [8 * 1024 * 1024, '8 MiB'],
  [5 * 1024 ** 3, '5 GiB'],
])('%d bytes are said as "%s"', (bytes, words) => {
  expect(size(bytes)).toBe(words)
})

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [12, '12th'],
  [13, '13th'],
  [21, '21st'],
  [111, '111th'],
  [122, '122nd'],
])('%d is said as "%s"', (n, words) => {
  expect(ordinal(n)).toBe(words)
})

test('counts and lists read as English', () => {
  expect([count(0, 'worker'), count(1, 'worker'), count(4, 'worker')]).toEqual(['0 workers', '1 worker', '4 workers'])
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a and b', 'a, b and c'])
})

test('a worker is named as it is typed, with its pid where there is one', () => {
  expect(workerName({ app: 'web', slot: 2, id: 9, pid: 4121, generation: 1 })).toBe('web:2 (pid 4121)')
  expect(workerName({ app: 'web', slot: 2, id: 9, pid: null, generation: 1 })).toBe('web:2')
  expect(slotName('web', null)).toBe('web')
})
