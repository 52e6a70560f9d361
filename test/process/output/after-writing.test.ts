import { expect, test } from 'vitest'
import type { PublishedEvent } from '../../../src/events/events.ts'
import { handOnAfterWriting } from '../../../src/process/output/after-writing.ts'

const stopped = (app: string): PublishedEvent => ({ type: 'app.stopped', app, at: 0, seq: 0 })
const appOf = (event: PublishedEvent): string => ('app' in event ? String(event.app) : '')

/** A log whose writes end when the test says so. */
function setUp() {
  const writes: (() => void)[] = []
  const heard: string[] = []
  const { add, release } = handOnAfterWriting(
    () => new Promise((resolve) => writes.push(resolve)),
    (event) => heard.push(appOf(event)),
  )
  return {
    heard,
    add: (app: string) => add(stopped(app)),
    release,
    write: async () => {
      writes.shift()?.()
      await new Promise(setImmediate)
    },
  }
}

test('an event is handed on when its line is written, and one that came meanwhile waits for its own', async () => {
  const { add, write, heard } = setUp()
  add('a')
  add('b')
  expect(heard).toEqual([])
  await write()
  expect(heard).toEqual(['a'])
  add('c')
  await write()
  expect(heard).toEqual(['a', 'b'])
  await write()
  expect(heard).toEqual(['a', 'b', 'c'])
  add('d')
  await write()
  expect(heard).toEqual(['a', 'b', 'c', 'd'])
})

test('at an end all are handed on, each once', async () => {
  const { add, release, write, heard } = setUp()
  add('a')
  add('b')
  release()
  expect(heard).toEqual(['a', 'b'])
  await write()
  expect(heard).toEqual(['a', 'b'])
})
