import { expect, test } from 'vitest'
import { isIncidentId, nextIncidentId } from '../../src/incidents/incident-id.ts'
import { fc } from '../support/property.ts'

const moments = fc.array(fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2058, 0) }), {
  minLength: 2,
  maxLength: 50,
})

test('ids sort in the order in which they were given, whatever the clock does', () => {
  fc.assert(
    fc.property(moments, (wall) => {
      const ids: string[] = []
      for (const at of wall) ids.push(nextIncidentId(ids.at(-1) ?? null, at))
      expect(ids).toEqual([...new Set(ids)].sort())
      expect(ids.every(isIncidentId)).toBe(true)
    }),
  )
})

test('an id is six letters and digits that nobody mistakes for each other', () => {
  expect(nextIncidentId(null, Date.UTC(2026, 0, 1))).toBe('0y2cw0')
  expect(nextIncidentId('0y2cw0', Date.UTC(2026, 0, 1))).toBe('0y2cw1')
})

test.each(['', '0y2cw', '0y2cw0a', '0y2cwo', '../etc', '0Y2CW0'])('%j is no id', (text) => {
  expect(isIncidentId(text)).toBe(false)
})
