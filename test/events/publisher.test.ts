import { expect, test } from 'vitest'
import type { PublishedEvent, ResilEvent } from '../../src/events/events.ts'
import { createPublisher } from '../../src/events/publisher.ts'
import { fc } from '../support/property.ts'

const stopped = (app: string): ResilEvent => ({ type: 'app.stopped', app })

test('stamps wall time and a number that has no holes', () => {
  let wall = 1000
  const publisher = createPublisher({ wallNow: () => wall, capacity: 10 })
  expect(publisher.publish(stopped('a'))).toEqual({ type: 'app.stopped', app: 'a', at: 1000, seq: 1 })
  wall = 900
  expect(publisher.publish(stopped('b'))).toEqual({ type: 'app.stopped', app: 'b', at: 900, seq: 2 })
})

test('remembers the newest events up to its capacity, oldest first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 60 }), (capacity, published) => {
      const publisher = createPublisher({ wallNow: () => 0, capacity })
      for (let i = 0; i < published; i += 1) publisher.publish(stopped('a'))
      const first = Math.max(1, published - capacity + 1)
      const expected = Array.from({ length: published - first + 1 }, (_, index) => first + index)
      expect(publisher.recent().map(({ seq }) => seq)).toEqual(expected)
    }),
  )
})

test('what recent() gave does not change afterwards', () => {
  const publisher = createPublisher({ wallNow: () => 0, capacity: 2 })
  publisher.publish(stopped('a'))
  const before = publisher.recent()
  publisher.publish(stopped('b'))
  publisher.publish(stopped('c'))
  expect(before.map(({ seq }) => seq)).toEqual([1])
})

test('a listener that throws harms nobody, and its fault is told once per event', () => {
  const publisher = createPublisher({ wallNow: () => 0, capacity: 10 })
  const heard: PublishedEvent[] = []
  publisher.subscribe(() => {
    throw new Error('disk on\nfire')
  })
  publisher.subscribe((event) => heard.push(event))
  publisher.publish(stopped('a'))
  publisher.publish(stopped('b'))
  expect(heard.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'app.stopped'],
    [2, 'supervisor.faulted'],
    [3, 'app.stopped'],
    [4, 'supervisor.faulted'],
  ])
  expect(heard[1]).toMatchObject({ message: 'a listener of events threw: disk on fire' })
})

test('an event published by a listener does not overtake the one it reacts to', () => {
  const publisher = createPublisher({ wallNow: () => 0, capacity: 10 })
  publisher.subscribe((event) => {
    if (event.type === 'app.stopped' && event.app === 'a') publisher.publish(stopped('reaction'))
  })
  const heard: number[] = []
  publisher.subscribe(({ seq }) => heard.push(seq))
  publisher.publish(stopped('a'))
  publisher.publish(stopped('b'))
  expect(heard).toEqual([1, 2, 3])
})

test('a closed subscription hears nothing more, also when it closes while being told', () => {
  const publisher = createPublisher({ wallNow: () => 0, capacity: 10 })
  const heard: string[] = []
  const first = publisher.subscribe(() => {
    heard.push('first')
    second.close()
  })
  const second = publisher.subscribe(() => heard.push('second'))
  publisher.publish(stopped('a'))
  first.close()
  first.close()
  publisher.publish(stopped('b'))
  expect(heard).toEqual(['first'])
})

test('one listener subscribed twice is told twice', () => {
  const publisher = createPublisher({ wallNow: () => 0, capacity: 10 })
  let calls = 0
  const listener = () => {
    calls += 1
  }
  const once = publisher.subscribe(listener)
  publisher.subscribe(listener)
  publisher.publish(stopped('a'))
  once.close()
  publisher.publish(stopped('b'))
  expect(calls).toBe(3)
})

test.each([0, -1, 1.5, Number.NaN])('a capacity of %d is refused', (capacity) => {
  expect(() => createPublisher({ wallNow: () => 0, capacity })).toThrow(RangeError)
})
