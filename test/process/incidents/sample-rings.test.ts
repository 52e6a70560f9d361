import { expect, test } from 'vitest'
import { createSampleRings, type Measured } from '../../../src/process/incidents/sample-rings.ts'

const measured = (rss: number | null): Measured => ({
  cpu: 12.5,
  rss,
  heapUsed: null,
  delayP99Ms: null,
  utilization: null,
  connections: 0,
  requests: 7,
})

test('the last sixty are kept, oldest first, and what was not known stays unknown', () => {
  const rings = createSampleRings()
  for (let second = 1; second <= 90; second += 1) rings.push(1, second * 1_000, measured(second))
  const samples = rings.of(1)
  expect(samples?.at).toHaveLength(60)
  expect(samples?.at[0]).toBe(31_000)
  expect(samples?.rss.at(-1)).toBe(90)
  expect(samples?.cpu[0]).toBe(12.5)
  expect(samples?.heapUsed).toEqual(Array(60).fill(null))
})

test('fewer than sixty are as many as there are', () => {
  const rings = createSampleRings()
  rings.push(1, 1_000, measured(null))
  rings.push(1, 2_000, measured(5))
  expect(rings.of(1)?.rss).toEqual([null, 5])
})

test('workers are apart, and a forgotten one has nothing', () => {
  const rings = createSampleRings()
  rings.push(1, 1_000, measured(1))
  rings.push(2, 1_000, measured(2))
  rings.forget(1)
  expect(rings.of(1)).toBeNull()
  expect(rings.of(2)?.rss).toEqual([2])
})
