// A worker that has no descriptor left receives no connection: its kernel drops each on the way, and it never answers for it.
// Plain node:cluster leaves that client waiting for ever, and never gives the worker another one.

import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { type DoorUnderTest, doorUnderTest, until, visit } from '../support/door-under-test.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { nodeWithDescriptors } from '../support/limited-node.ts'
import { assertNoProcessLeft } from '../support/processes.ts'
import { freePort } from '../support/service.ts'

const LIMIT = 80

let clock: FakeClock
let test: DoorUnderTest
let port: number
let source: string

beforeEach(async () => {
  clock = fakeClock()
  test = doorUnderTest(clock)
  port = await freePort()
  source = `const held = []
    process.on('message', (said) => {
      if (said === 'fill') try { for (;;) held.push(require('fs').openSync('/dev/null')) } catch {}
      else for (const fd of held.splice(0)) require('fs').closeSync(fd)
      process.send(said)
    })
    require('http').createServer((req, res) => res.end(String(process.pid))).listen(${port}, '127.0.0.1')`
})
afterEach(() => test.close())
afterAll(() => assertNoProcessLeft())

async function tell(worker: Worker, what: 'fill' | 'free'): Promise<void> {
  const done = once(worker, 'message')
  worker.send(what)
  await done
}

async function deafWorker(): Promise<Worker> {
  const worker = await test.listening(source, 0, nodeWithDescriptors(LIMIT))
  await tell(worker, 'fill')
  return worker
}

it('its connections go to the others, and nobody waits', async () => {
  const deaf = await deafWorker()
  const well = await test.listening(source, 1)
  const visitors = await Promise.all(Array.from({ length: 12 }, () => visit(port)))
  const answers = await Promise.all(visitors.map(({ outcome }) => outcome))
  expect(new Set(answers)).toEqual(new Set([String(well.process.pid)]))
  // One was lost on the way; after that it was left alone.
  expect(test.door.missedBy(deaf)).toBe(1)
  expect(test.door.missedBy(well)).toBe(0)
})

it('it is tried again after a while, and serves as before when it has descriptors', async () => {
  const deaf = await deafWorker()
  await test.listening(source, 1)
  const first = await visit(port)
  await first.outcome
  const second = await visit(port)
  await second.outcome
  expect(test.door.missedBy(deaf)).toBe(1)
  await tell(deaf, 'free')
  clock.advance(1_000)
  const answers: string[] = []
  for (let i = 0; i < 4; i += 1) answers.push(await (await visit(port)).outcome)
  expect(answers).toContain(String(deaf.process.pid))
})

it('where it is the only one, clients wait until it has one', async () => {
  const deaf = await deafWorker()
  const visitor = await visit(port)
  await until(() => test.door.counts.waiting === 1, 'the visitor waits')
  await tell(deaf, 'free')
  clock.advance(1_100)
  expect(await visitor.outcome).toBe(String(deaf.process.pid))
})

it('and where it stays so, they are told after ten seconds, however often it was tried', async () => {
  const deaf = await deafWorker()
  const visitor = await visit(port)
  await until(() => test.door.counts.waiting === 1, 'the visitor waits')
  await until(() => {
    clock.advance(500)
    return visitor.settled
  }, 'the visitor is told')
  expect(await visitor.outcome).toBe('closed')
  expect(test.door.counts).toMatchObject({ held: 1, dropped: 1, waiting: 0 })
  expect(test.door.missedBy(deaf)).toBeGreaterThanOrEqual(1)
})

it('a probe of it fails, and says why', async () => {
  const deaf = await deafWorker()
  expect(await test.door.probeConnection(deaf, null, 60_000)).toEqual({
    ok: false,
    reason: 'refused',
    message: `the worker could not receive a connection on port ${port}: it has no file descriptor left (EMFILE)`,
  })
})

it('a fork that failed for want of one says nothing about this Node: the cures stay on', async () => {
  cluster.setupPrimary({ exec: '/nowhere/app.cjs', cwd: '/nowhere', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const worker = cluster.fork()
  const failed = once(worker, 'error')
  // It throws where a cure is turned off.
  test.door.watch(worker, { app: 'shop', slot: 0, sticky: false, reusePort: false })
  await failed
  cluster.setupPrimary({ cwd: process.cwd() })
  expect(await test.door.probeConnection(worker, null, 1_000)).toMatchObject({ reason: 'not-serving' })
})
