// A token opens only as the whole of itself.

import { expect, it } from 'vitest'
import { checkToken } from '../../../src/control/admin/token.ts'

const token = 'correct-horse-battery'

it.each([
  [`Bearer ${token}`, 'right'],
  [`bearer  ${token} `, 'right'],
  [`Bearer ${token}x`, 'wrong'],
  [`Bearer ${token.slice(0, -1)}`, 'wrong'],
  [`Bearer ${token.toUpperCase()}`, 'wrong'],
  ['Bearer é', 'wrong'],
  [`Basic ${token}`, 'missing'],
  [token, 'missing'],
  ['Bearer', 'missing'],
  ['Bearer ', 'missing'],
  [`Bearer ${token} ${token}`, 'missing'],
  ['', 'missing'],
  [undefined, 'missing'],
] as const)('%j is %s', (authorization, verdict) => {
  expect(checkToken(authorization, token)).toBe(verdict)
})

it('where none is configured none opens, not even an empty or a named "undefined" one', () => {
  for (const presented of [undefined, 'Bearer ', 'Bearer undefined']) {
    expect(checkToken(presented, undefined)).toBe('none-configured')
  }
})
