import { expect, test } from 'vitest'
import { createDropReport, type Drops } from '../../../src/process/output/drop-report.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { fc } from '../../support/property.ts'

function setUp() {
  const clock = fakeClock()
  const told: Drops[] = []
  return { clock, told, report: createDropReport(clock, (drops) => told.push(drops)) }
}
const drops = (lines: number, error: string | null = null): Drops => ({ lines, bytes: lines * 10, error })

test('what a slow reader missed is told as one, once it has caught up', () => {
  const { told, report } = setUp()
  report.add(drops(3))
  report.add(drops(4))
  expect(told).toEqual([])
  report.recovered()
  expect(told).toEqual([drops(7)])
  report.recovered()
  expect(told).toHaveLength(1)
})

test('a reader that stumbles all the time is told of every ten seconds', () => {
  const { clock, told, report } = setUp()
  for (let second = 0; second < 25; second += 1) {
    report.add(drops(1))
    report.recovered()
    clock.advance(1000)
  }
  expect(told.map(({ lines }) => lines)).toEqual([1, 9, 10])
})

test('a failed write is told at once, and what follows of the same kind when it is over', () => {
  const { clock, told, report } = setUp()
  for (let i = 0; i < 5; i += 1) {
    report.add(drops(2, 'ENOSPC'))
    clock.advance(60_000)
  }
  expect(told).toEqual([drops(2, 'ENOSPC')])
  report.recovered()
  expect(told).toEqual([drops(2, 'ENOSPC'), drops(8, 'ENOSPC')])
})

test('another error is news, and so is the same one after all was well', () => {
  const { clock, told, report } = setUp()
  report.add(drops(1, 'ENOSPC'))
  report.add(drops(1, 'EROFS'))
  report.recovered()
  clock.advance(60_000)
  report.add(drops(1, 'EROFS'))
  expect(told.map(({ error }) => error)).toEqual(['ENOSPC', 'EROFS', 'EROFS'])
})

test('settle tells what is left, and close leaves no timer', () => {
  const { clock, told, report } = setUp()
  report.add(drops(1))
  report.recovered()
  report.add(drops(2))
  report.recovered()
  expect(clock.pending).toBe(1)
  report.settle()
  expect(told.map(({ lines }) => lines)).toEqual([1, 2])
  report.add(drops(1))
  report.recovered()
  report.close()
  expect(clock.pending).toBe(0)
})

test('whatever happens in whatever order, each lost line is in exactly one report', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('add' as const), lines: fc.nat(5), error: fc.constantFrom(null, 'ENOSPC', 'EPIPE') }),
    fc.record({ do: fc.constant('recovered' as const) }),
    fc.record({ do: fc.constant('settle' as const) }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.nat(20_000) }),
  )
  fc.assert(
    fc.property(fc.array(action), (actions) => {
      const { clock, told, report } = setUp()
      let lost = 0
      for (const step of actions) {
        if (step.do === 'add') {
          lost += step.lines
          report.add(drops(step.lines, step.error))
        } else if (step.do === 'advance') clock.advance(step.ms)
        else report[step.do]()
      }
      report.settle()
      expect(told.reduce((sum, { lines }) => sum + lines, 0)).toBe(lost)
      expect(told.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(lost * 10)
    }),
  )
})
