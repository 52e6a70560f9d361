import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { StartTime } from '../../src/agent/start-time.ts'

it('is on the object, once, and nobody else can see it', () => {
  const object = Object.freeze({ status: 200 })
  expect(StartTime.isSet(object)).toBe(false)
  expect(StartTime.take(object)).toBeUndefined()
  StartTime.set(object, 5)
  StartTime.set(object, 7)
  expect(Reflect.ownKeys(object)).toEqual(['status'])
  expect(inspect(object, { showHidden: true, depth: null })).toBe('{ status: 200 }')
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
  expect(StartTime.isSet(object)).toBe(true)
  expect(StartTime.take(object)).toBe(7)
  expect(StartTime.isSet(object)).toBe(false)
  expect(StartTime.take(object)).toBeUndefined()
})
