// Each way that a door can take, on real workers and sockets, with time turned by hand.

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT_KNOWN_AFTER_MS, LONGEST_HOLD_MS } from '../../src/cluster-internals/waiting-line.ts'
import { type DoorUnderTest, doorUnderTest, until, visit } from '../support/door-under-test.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { assertNoProcessLeft } from '../support/processes.ts'
import { freePort } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

const answers = (where: number | string) => `
  const server = require('http').createServer((req, res) => res.end(String(process.pid)))
  server.on('error', ({ code }) => process.send(code))
  server.listen(${typeof where === 'string' ? JSON.stringify(where) : `${where}, '127.0.0.1'`})
  process.on('message', () => server.close())`

describe('the door of a port', () => {
  let clock: FakeClock
  let test: DoorUnderTest
  let port: number

  beforeEach(async () => {
    clock = fakeClock()
    test = doorUnderTest(clock)
    port = await freePort()
  })
  afterEach(async () => {
    await test.close()
    await assertNoProcessLeft()
  })

  const refused = () => expect(visit(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  const waiting = (count: number) => until(() => test.door.counts.waiting === count, `${count} wait`)

  it('whose only worker died stays open, and the next worker gets all who came', async () => {
    await test.kill(await test.listening(answers(port)))
    const visitors = [await visit(port), await visit(port), await visit(port)]
    await waiting(3)
    const next = await test.listening(answers(port))
    for (const { outcome } of visitors) expect(await outcome).toBe(String(next.process.pid))
    expect(test.door.counts).toEqual({ held: 3, rescued: 0, dropped: 0, waiting: 0 })
  })

  it('holds again and again', async () => {
    for (let crash = 1; crash <= 3; crash += 1) {
      await test.kill(await test.listening(answers(port)))
      const visitor = await visit(port)
      await waiting(1)
      const next = await test.listening(answers(port))
      expect(await visitor.outcome).toBe(String(next.process.pid))
      await test.kill(next)
    }
    expect(test.door.counts).toMatchObject({ held: 3, dropped: 0 })
  })

  it('closes a connection that has waited for too long, and still takes new ones', async () => {
    await test.kill(await test.listening(answers(port)))
    const early = await visit(port)
    await waiting(1)
    clock.advance(LONGEST_HOLD_MS - 1_000)
    const late = await visit(port)
    await waiting(2)
    clock.advance(1_000)
    expect(await early.outcome).toBe('closed')
    expect(late.settled).toBe(false)
    expect(test.door.counts).toEqual({ held: 2, rescued: 0, dropped: 1, waiting: 1 })
    const next = await test.listening(answers(port))
    expect(await late.outcome).toBe(String(next.process.pid))
  })

  it('shuts when no replacement is due any more, and closes who waited', async () => {
    await test.kill(await test.listening(answers(port)))
    const visitor = await visit(port)
    await waiting(1)
    test.says.due = false
    // The exit may not be known yet: it stays open for a moment.
    clock.advance(EXIT_KNOWN_AFTER_MS - 100)
    expect(visitor.settled).toBe(false)
    clock.advance(200)
    expect(await visitor.outcome).toBe('closed')
    await refused()
    expect(test.door.counts).toEqual({ held: 1, rescued: 0, dropped: 1, waiting: 0 })
    expect(clock.pending).toBe(0)
  })

  it('that was shut opens again with the next worker', async () => {
    await test.kill(await test.listening(answers(port)))
    test.says.due = false
    clock.advance(EXIT_KNOWN_AFTER_MS + 200)
    await refused()
    const next = await test.listening(answers(port))
    expect(await (await visit(port)).outcome).toBe(String(next.process.pid))
  })

  it('shuts at once where the app is not kept alive', async () => {
    const worker = await test.listening(answers(port))
    test.says.kept = false
    await test.kill(worker)
    await refused()
  })

  it("shuts at once on the app's own close(), and not on a drain's", async () => {
    const worker = await test.listening(answers(port))
    worker.send('close')
    await expect
      .poll(() =>
        visit(port).then(
          ({ socket }) => socket.destroy() && 'open',
          ({ code }) => code,
        ),
      )
      .toBe('ECONNREFUSED')
    const next = await test.listening(answers(port))
    test.says.draining = true
    next.send('close')
    await expect
      .poll(async () => {
        const visitor = await visit(port)
        await until(() => visitor.settled || test.door.counts.waiting > 0, 'it is answered, or waits')
        return visitor.settled ? 'answered' : 'waits'
      })
      .toBe('waits')
    const last = await test.listening(answers(port))
    expect(await (await visit(port)).outcome).toBe(String(last.process.pid))
  })

  it('does not keep who was turned away: a port that is in use is free for the app later', async () => {
    const program = createServer().listen(port, '127.0.0.1')
    await once(program, 'listening')
    const early = test.fork(answers(port))
    expect((await once(early, 'message'))[0]).toBe('EADDRINUSE')
    program.close()
    const worker = await test.listening(answers(port))
    expect(await (await visit(port)).outcome).toBe(String(worker.process.pid))
  })

  it('that is a Unix socket is held, and its file stays until the app is through', async () => {
    const path = `${tempDir()}/app.sock`
    await test.kill(await test.listening(answers(path)))
    const visitor = await visit(path)
    await waiting(1)
    const next = await test.listening(answers(path))
    expect(await visitor.outcome).toBe(String(next.process.pid))
    await test.kill(next)
    expect(existsSync(path)).toBe(true)
    test.says.due = false
    clock.advance(EXIT_KNOWN_AFTER_MS + 200)
    expect(existsSync(path)).toBe(false)
  })

  it('gives the connections of a worker that died without taking them to the next one', async () => {
    const worker = await test.listening(answers(port))
    worker.process.kill('SIGSTOP')
    const visitors = [await visit(port), await visit(port), await visit(port)]
    // The first is on its way to the worker, Node holds the others, once they have been accepted: one in each turn.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await test.kill(worker)
    await until(() => test.door.counts.waiting === 3, 'all three wait')
    const next = await test.listening(answers(port))
    for (const { outcome } of visitors) expect(await outcome).toBe(String(next.process.pid))
    expect(test.door.counts.rescued).toBe(1)
    expect(test.door.counts.dropped).toBe(0)
  })

  it('has lost a worker that died although a process that it had started holds its channel open', async () => {
    const holder = `require('child_process').spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', process.channel.fd] })`
    const worker = test.fork(`process.send(${holder}.pid); ${answers(port)}`)
    const [[pid]] = await Promise.all([once(worker, 'message'), once(worker, 'listening')])
    await test.kill(worker)
    const visitor = await visit(port)
    await waiting(1)
    const next = await test.listening(answers(port))
    expect(await visitor.outcome).toBe(String(next.process.pid))
    process.kill(pid, 'SIGKILL')
  })

  it('closed for good, lets nobody wait', async () => {
    await test.kill(await test.listening(answers(port)))
    const visitor = await visit(port)
    await waiting(1)
    test.door.close()
    expect(await visitor.outcome).toBe('closed')
    await refused()
    expect(clock.pending).toBe(0)
  })
})
