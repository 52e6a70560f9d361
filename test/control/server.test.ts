import { spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openControlServer } from '../../src/control/server.ts'
import type { SupervisorEvent } from '../../src/events/family/supervisor.ts'
import { connectRaw, serve } from '../support/control.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { fakePort } from '../support/fake-port.ts'
import { tempDir } from '../support/temp-dir.ts'

/** As one who was killed leaves it: a socket file that nobody listens on. */
async function leaveStaleSocket(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ])
  await new Promise((resolve) => child.once('exit', resolve))
  expect(lstatSync(path).isSocket()).toBe(true)
}

/** Waits for the next event that the server publishes. */
function publisher() {
  const waiting: ((event: SupervisorEvent) => void)[] = []
  return {
    publish: (event: SupervisorEvent): void => waiting.shift()?.(event),
    next: () => new Promise<SupervisorEvent>((resolve) => waiting.push(resolve)),
  }
}

describe('the control socket', () => {
  it('is for its owner alone', async () => {
    const { path } = await serve()
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
  })

  it('leaves the umask as it was', async () => {
    const before = process.umask()
    await serve()
    expect(process.umask()).toBe(before)
  })

  it('takes the place of one that nobody listens on any more', async () => {
    const path = join(tempDir(), 'web.sock')
    await leaveStaleSocket(path)
    const { client } = await serve(fakePort(), { path })
    expect(await (await client()).request('ping', {})).toMatchObject({ name: 'web' })
  })

  it('is refused where a supervisor listens already, with its pid and the ways out', async () => {
    const { path } = await serve()
    await expect(openControlServer({ port: fakePort(), path, clock: systemClock })).rejects.toMatchObject({
      code: 'RESIL_ALREADY_RUNNING',
      message: `web is already running (pid ${process.pid}): use \`resil reload web\`, \`resil stop web\`, or start with another --name`,
    })
  })

  it('is refused where one listens that does not answer', async () => {
    const path = join(tempDir(), 'web.sock')
    const mute = createServer().listen(path)
    onTestFinished(() => void mute.close())
    await expect(openControlServer({ port: fakePort(), path, clock: systemClock })).rejects.toMatchObject({
      code: 'RESIL_ALREADY_RUNNING',
      message: expect.stringContaining(`web is already running but does not answer on ${path}`),
    })
  })

  it("never removes a file that is no socket: it is somebody's", async () => {
    const path = join(tempDir(), 'web.sock')
    writeFileSync(path, 'precious')
    await expect(openControlServer({ port: fakePort(), path, clock: systemClock })).rejects.toMatchObject({
      code: 'RESIL_USAGE',
      message: `${path} exists and is not a socket: name another path with --socket`,
    })
    expect(readFileSync(path, 'utf8')).toBe('precious')
  })

  it('goes to exactly one of several that start at once over the same remains', async () => {
    const path = join(tempDir(), 'web.sock')
    await leaveStaleSocket(path)
    const starts = await Promise.allSettled(
      Array.from({ length: 8 }, () => openControlServer({ port: fakePort(), path, clock: systemClock })),
    )
    const won = starts.filter((start) => start.status === 'fulfilled')
    for (const { value } of won) onTestFinished(() => value.close())
    expect(won).toHaveLength(1)
    for (const start of starts) {
      if (start.status === 'rejected') expect(start.reason).toMatchObject({ code: 'RESIL_ALREADY_RUNNING' })
    }
    const { next, socket } = await connectRaw(path)
    socket.write('{"id":1,"op":"ping"}\n')
    expect(await next()).toMatchObject({ ok: true })
  })

  it('can not be made in a folder that is not there, and says so', async () => {
    const path = join(tempDir(), 'missing', 'web.sock')
    await expect(openControlServer({ port: fakePort(), path, clock: systemClock })).rejects.toMatchObject({
      code: 'RESIL_NOT_PERMITTED',
      message: `can't make the control socket ${path} (its folder does not exist): name another with --socket or RESIL_RUNTIME_DIR`,
    })
  })

  it('is gone after close, which may come twice and ends open connections', async () => {
    const { server, path } = await serve()
    const { ended } = await connectRaw(path)
    await Promise.all([server.close(), server.close()])
    await ended
    expect(existsSync(path)).toBe(false)
  })

  it('sends what is on its way before it closes', async () => {
    const { server, path, port } = await serve(
      fakePort({
        onSubmit: (_, { publish }) =>
          publish({ type: 'supervisor.stopping', cause: 'resil stop', deadlineMs: 1, forced: false }),
      }),
    )
    const { socket, next, ended } = await connectRaw(path)
    socket.write('{"id":1,"op":"stop"}\n')
    expect(await next()).toMatchObject({ item: { type: 'supervisor.stopping' } })
    const closing = server.close()
    expect(await next()).toMatchObject({ ok: true, result: { supervisor: true } })
    await Promise.all([closing, ended])
    expect(port.listeners()).toBe(0)
  })
})

describe('a control socket that somebody removes', () => {
  /** Time passes until the server has looked. */
  async function look(clock: FakeClock, next: () => Promise<SupervisorEvent>): Promise<SupervisorEvent> {
    const event = next()
    clock.advance(2_000)
    return event
  }

  it.each([
    ['the socket', (path: string) => rmSync(path)],
    ['its folder', (path: string) => rmSync(dirname(path), { recursive: true })],
  ])('is made again after %s has gone, and says so', async (_, remove) => {
    const clock = fakeClock()
    const dir = join(tempDir(), 'run')
    mkdirSync(dir, { mode: 0o700 })
    const path = join(dir, 'web.sock')
    const events = publisher()
    const { client } = await serve(fakePort(), { clock, publish: events.publish, path })
    const early = await client()
    remove(path)
    expect(await look(clock, events.next)).toEqual({ type: 'control.recreated', socket: path })
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(lstatSync(dir).mode & 0o777).toBe(0o700)
    for (const one of [early, await client()]) expect(await one.request('ping', {})).toMatchObject({ name: 'web' })
  })

  it('is left to a supervisor that took its place, and made again when that one has gone', async () => {
    const clock = fakeClock()
    const dir = tempDir()
    const path = join(dir, 'web.sock')
    const events = publisher()
    await serve(fakePort({ name: 'first' }), { clock, publish: events.publish, path })
    renameSync(path, join(dir, 'aside'))
    const second = await openControlServer({ port: fakePort({ name: 'second' }), path, clock: systemClock })
    clock.advance(2_000)
    const { socket, next } = await connectRaw(path)
    socket.write('{"id":1,"op":"ping"}\n')
    expect(await next()).toMatchObject({ result: { name: 'second' } })
    await second.close()
    const event = events.next()
    // The look before may still be under way; then only the next timer sees that the place is free.
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(2_000)
    expect(await event).toEqual({ type: 'control.recreated', socket: path })
  })

  it('leaves no timer behind', async () => {
    const clock = fakeClock()
    const { server } = await serve(fakePort(), { clock })
    expect(clock.pending).toBe(1)
    await server.close()
    expect(clock.pending).toBe(0)
  })
})
