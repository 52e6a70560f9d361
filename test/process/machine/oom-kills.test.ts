import { expect, test } from 'vitest'
import { readOomKills } from '../../../src/process/machine/oom-kills.ts'
import { dockerV1, dockerV2, type Files, hybrid, kubernetes, laptop, nothing, reader } from './fixtures.ts'

test.each<[string, Files, number | null]>([
  ['v2', dockerV2, 3],
  ['v1', dockerV1, 2],
  ['both, with v1 for memory', hybrid, 1],
  ['a pod where none happened', kubernetes, 0],
  ['a kernel that does not say', laptop, null],
  ['no cgroups', nothing, null],
])('the count of %s', (_, files, count) => {
  expect(readOomKills(reader(files))).toBe(count)
})

test('"oom" and "oom_group_kill" are other counts', () => {
  const events = 'oom 7\noom_group_kill 5\noom_kill 1\n'
  expect(readOomKills(reader({ ...dockerV2, '/sys/fs/cgroup/memory.events': events }))).toBe(1)
})
