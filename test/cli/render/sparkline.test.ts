import { expect, test } from 'vitest'
import { sparkline } from '../../../src/cli/render/sparkline.ts'

test.each<[readonly (number | null)[], number, string]>([
  [[], 10, ''],
  [[null, null], 10, ''],
  [[1, 2, 3, 4, 5, 6, 7, 8], 10, '▁▂▃▄▅▆▇█'],
  [[5, 5, 5], 10, '▁▁▁'],
  [[0, null, 1], 10, '▁ █'],
  [[0, 9, 0, 0, 0, 0], 3, '█▁▁'],
  [[1], 0, ''],
])('%j in %i characters is %j', (values, width, line) => {
  expect(sparkline(values, width)).toBe(line)
})
