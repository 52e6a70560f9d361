import { expect, test } from 'vitest'
import { subjectOf } from '../../src/events/subject.ts'

const worker = { app: 'web', slot: 2, id: 9, pid: 4121, generation: 1 }

test('an event about a worker is about its app, slot and process', () => {
  expect(subjectOf({ type: 'worker.forked', worker, trial: false })).toEqual({ app: 'web', slot: 2, pid: 4121 })
  expect(subjectOf({ type: 'gate.trialStarted', app: 'web', slot: null, worker })).toEqual({
    app: 'web',
    slot: 2,
    pid: 4121,
  })
})

test('an event about a slot or an app names no more than that', () => {
  expect(subjectOf({ type: 'gate.closed', app: 'web', slot: 2 })).toEqual({ app: 'web', slot: 2, pid: null })
  expect(subjectOf({ type: 'app.stopped', app: 'web' })).toEqual({ app: 'web', slot: null, pid: null })
})

test('an event about the supervisor names no app, even where it carries a pid or apps', () => {
  const started = { name: 'shop', pid: 1, version: '0', node: 'v20', apps: [], socket: null }
  expect(subjectOf({ type: 'supervisor.started', ...started })).toEqual({ app: null, slot: null, pid: null })
})
