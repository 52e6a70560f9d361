import { describe, expect, it } from 'vitest'
import { type CpuProfile, topFunctions } from '../../src/events/cpu-profile.ts'
import { sourceFile } from '../../src/events/source-file.ts'

function node(id: number, functionName: string, url = '', lineNumber = -1, hitCount = 0): CpuProfile['nodes'][number] {
  return { id, callFrame: { functionName, url, lineNumber, columnNumber: lineNumber === -1 ? -1 : 4 }, hitCount }
}

const nodes = [
  node(1, '(root)'),
  node(2, 'parse', 'file:///srv/my%20app/parse.js', 11, 3),
  node(3, '(garbage collector)', '', -1, 1),
  node(4, 'parse', 'file:///srv/my%20app/parse.js', 11, 2),
  node(5, '(idle)', '', -1, 4),
  node(6, '', 'node:internal/timers', 0),
]

describe('the functions that cost most', () => {
  it('are those with the most time of their own, wherever they were called from; idling is no function', () => {
    const profile = {
      nodes,
      startTime: 0,
      endTime: 1_000,
      samples: [1, 2, 3, 4, 5, 2],
      timeDeltas: [0, 0, 400, 100, 100, 400],
    }
    expect(topFunctions(profile, 5)).toEqual([
      { name: 'parse', file: '/srv/my app/parse.js', line: 12, column: 5, selfRatio: 0.5 },
      { name: '(garbage collector)', file: null, line: null, column: null, selfRatio: 0.1 },
    ])
    expect(topFunctions(profile, 1)).toHaveLength(1)
  })

  it('are told by hits where a profile has no samples', () => {
    expect(topFunctions({ nodes, startTime: 0, endTime: 1 }, 1)).toMatchObject([{ name: 'parse', selfRatio: 0.5 }])
  })

  it('are none in an empty profile, and clocks that go back take nothing away', () => {
    expect(topFunctions({ nodes: [], startTime: 0, endTime: 0, samples: [], timeDeltas: [] }, 5)).toEqual([])
    const profile = { nodes, startTime: 0, endTime: 9, samples: [2, 3, 2], timeDeltas: [0, 10, -5] }
    expect(topFunctions(profile, 5)).toMatchObject([{ name: 'parse', selfRatio: 1 }])
  })
})

it.each([
  [undefined, null],
  ['', null],
  ['file:///a/b.js', '/a/b.js'],
  ['file:///a/100%.js', 'file:///a/100%.js'],
  ['node:internal/timers', 'node:internal/timers'],
  ['evalmachine.<anonymous>', 'evalmachine.<anonymous>'],
])('source %s is %s', (url, file) => {
  expect(sourceFile(url)).toBe(file)
})
