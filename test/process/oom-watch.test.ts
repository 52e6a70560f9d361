import { expect, it } from 'vitest'
import { createOomWatch } from '../../src/process/oom-watch.ts'

it.each<[string, (number | null)[], boolean[]]>([
  ['sees each move of the counter once', [3, 3, 4, 4, 6], [false, true, false, true]],
  ['sees nothing where there is no cgroup', [null, null], [false]],
  ['takes a counter that appears as a new start', [null, 5, 6], [false, true]],
])('%s', (_promise, counts, expected) => {
  const left = [...counts]
  const sawOomKill = createOomWatch(() => left.shift() ?? null)
  expect(expected.map(() => sawOomKill())).toEqual(expected)
})
