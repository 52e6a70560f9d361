import { expect, test } from 'vitest'
import { describe } from '../../src/events/describe.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import { severityOf } from '../../src/events/severity.ts'
import { samples } from './samples.ts'

test.each(samples)('$event.type: $text', ({ event, text }) => {
  expect(describe(event)).toBe(text)
})

test.each(samples)('$event.type is told as $severity: $text', ({ event, severity }) => {
  expect(severityOf(event)).toBe(severity)
})

test('whatever an event carries, it stays one line', () => {
  const event: ResilEvent = { type: 'request.refused', app: 'web', request: 'r1', reason: 'first\r\n  second\nthird' }
  expect(describe(event)).toBe('web: request refused: first second third')
})

test('an event of no known type is a bug that says so', () => {
  const event = { type: 'worker.sang' } as unknown as ResilEvent
  expect(() => describe(event)).toThrow('this is a bug in resil')
  expect(() => severityOf(event)).toThrow('this is a bug in resil')
})
