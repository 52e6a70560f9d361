import { expect, it } from 'vitest'
import { parseProcStat } from '../../src/process/proc-stat.ts'

it('finds its fields behind the name, whatever the name holds', () => {
  const line = '12 (a) R 1 (x) S 1 12 12 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 7 0 999 1000000 2560 184467 1 1'
  expect(parseProcStat(line)).toEqual({ state: 'S', session: 12, ticks: 200, startTime: '999', pages: 2_560 })
})

it.each(['', '12', '12 (a', '12 (a)', 'no line at all'])('tells nothing of %j', (line) => {
  expect(parseProcStat(line)).toEqual({
    state: '',
    session: null,
    ticks: Number.NaN,
    startTime: null,
    pages: Number.NaN,
  })
})
