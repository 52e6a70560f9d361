import { expect, test } from 'vitest'
import { gather } from '../../../src/config/layers/gather.ts'
import { lineOf } from '../../../src/config/problems/problems.ts'

const linesFor = (raw: unknown, env = {}, flags = {}): string[] =>
  gather({ config: { file: '/srv/c.json', where: 'c.json', prefix: [], raw, ignored: [] }, env, flags }).problems.map(
    lineOf,
  )

test.each<[unknown, string]>([
  [{ watch: true }, 'watch'],
  [{ watch: ['src'] }, 'watch'],
  [{ apps: [{ script: 'a.js' }, { script: 'b.js', watch: true }] }, 'apps[1].watch'],
])('%j is refused as not available yet', (raw, field) => {
  expect(linesFor(raw)).toEqual([`c.json: ${field}: not available yet in this version of resil`])
})

test('what does not ask for the feature may stand', () => {
  expect(
    linesFor({
      reusePort: false,
      sticky: false,
      watch: [],
      chaos: { allowed: true },
      schedule: 'shared',
    }),
  ).toEqual([])
})

test('what holds for several apps is told once, where it stands', () => {
  expect(linesFor({ watch: true, apps: [{ script: 'a.js' }, { script: 'b.js' }] })).toEqual([
    'c.json: watch: not available yet in this version of resil',
  ])
})

test('variables and flags are refused by their own names', () => {
  expect(linesFor({}, { RESIL_WATCH: 'true' }, { watch: true })).toEqual([
    'RESIL_WATCH: not available yet in this version of resil',
    '--watch: not available yet in this version of resil',
  ])
  expect(linesFor({}, { RESIL_WATCH: 'false' }, { watch: false })).toEqual([])
})
