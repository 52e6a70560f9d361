import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findSupervisor, type Search } from '../../src/control/find.ts'
import { serve } from '../support/control.ts'
import { appStatus, fakePort } from '../support/fake-port.ts'
import { tempDir } from '../support/temp-dir.ts'

const uid = process.getuid?.() ?? 0

async function find(runtimeDir: string, search: Partial<Search> = {}) {
  const found = await findSupervisor({
    socket: undefined,
    target: undefined,
    cwd: '/',
    env: { RESIL_RUNTIME_DIR: runtimeDir },
    uid,
    ...search,
  })
  onTestFinished(() => found.client.close())
  return found
}

async function running(runtimeDir: string, name: string, dir: string, apps = [name]) {
  const port = fakePort({ name, dir, apps: apps.map((app) => appStatus({ name: app })) })
  return serve(port, { path: join(runtimeDir, `${name}-1a2b3c4d.sock`) })
}

describe('finding the supervisor', () => {
  it('gives an open connection to the one of this folder', async () => {
    const run = tempDir()
    await running(run, 'web', '/srv/web')
    await running(run, 'shop', '/srv/shop')
    const { info, client } = await find(run, { cwd: '/srv/shop/src' })
    expect(info.name).toBe('shop')
    expect(await client.request('status', {})).toMatchObject({ supervisor: { name: 'shop' } })
  })

  it('compares folders as they really are', async () => {
    const run = tempDir()
    const real = tempDir()
    const link = join(tempDir(), 'current')
    symlinkSync(real, link)
    await running(run, 'web', link)
    await running(run, 'shop', '/srv/shop')
    expect((await find(run, { cwd: real })).info.name).toBe('web')
  })

  it('finds the one that has the app', async () => {
    const run = tempDir()
    await running(run, 'web', '/srv/web')
    await running(run, 'shop', '/srv/shop', ['api', 'jobs'])
    expect((await find(run, { target: 'jobs:1' })).info.name).toBe('shop')
  })

  it('closes its connections to those that it did not choose', async () => {
    const run = tempDir()
    const other = await running(run, 'web', '/srv/web')
    await running(run, 'shop', '/srv/shop')
    await find(run, { cwd: '/srv/shop' })
    // Ends only when nobody is connected any more.
    await other.server.close()
  })

  it('does not count sockets that nobody listens on, nor other files', async () => {
    const run = tempDir({ 'notes.sock': 'not a socket', 'web.txt': '' })
    mkdirSync(join(run, 'folder.sock'))
    const gone = createServer()
    await new Promise<void>((resolve) => gone.listen(join(run, 'gone.sock'), resolve))
    await new Promise((resolve) => gone.close(resolve))
    await running(run, 'web', '/srv/web')
    expect((await find(run, { cwd: '/home' })).info.name).toBe('web')
  })

  it('says so where none runs, with the way to start one', async () => {
    await expect(find(tempDir())).rejects.toMatchObject({
      code: 'RESIL_NO_SUPERVISOR',
      message: 'no supervisor is running here; start one with `resil start app.js`',
    })
  })

  it('lists what there is where it can not be told', async () => {
    const run = tempDir()
    const web = await running(run, 'web', '/srv/web')
    const shop = await running(run, 'shop', '/srv/shop')
    await expect(find(run, { cwd: '/home' })).rejects.toMatchObject({
      code: 'RESIL_AMBIGUOUS',
      details: [
        `  shop (pid ${process.pid}) of /srv/shop: --socket ${shop.path}`,
        `  web (pid ${process.pid}) of /srv/web: --socket ${web.path}`,
      ],
    })
  })

  it('names one that listens and does not answer, instead of saying that none runs', async () => {
    const run = tempDir()
    const path = join(run, 'web.sock')
    const mute = createServer()
    onTestFinished(() => void mute.close())
    await new Promise<void>((resolve) => mute.listen(path, resolve))
    await expect(find(run)).rejects.toMatchObject({
      code: 'RESIL_NO_SUPERVISOR',
      message: expect.stringMatching(`^what listens on ${path} does not answer: `),
    })
  })
})

it('tells whose a supervisor is that may not be asked, and how to ask it', async () => {
  const run = tempDir()
  const { path } = await running(run, 'web', '/srv/web')
  const nobody = 65_534
  chmodSync(run, 0o755)
  // Root may ask everybody, so it has to become somebody else; others lose their own way in.
  if (uid === 0) process.seteuid?.(nobody)
  else chmodSync(path, 0)
  try {
    await expect(find(run)).rejects.toMatchObject({
      code: 'RESIL_NOT_PERMITTED',
      message: `the supervisor behind ${path} belongs to another user (uid ${uid}): run this command with sudo -u '#${uid}'`,
    })
  } finally {
    if (uid === 0) process.seteuid?.(0)
  }
})

describe('--socket', () => {
  it('is the one, whatever else runs', async () => {
    const run = tempDir()
    const web = await running(run, 'web', '/srv/web')
    await running(run, 'shop', '/srv/shop')
    expect((await find(run, { socket: web.path, cwd: '/srv/shop' })).info.name).toBe('web')
  })

  it.each([
    ['is not there', () => join(tempDir(), 'none.sock')],
    ['is below a file', () => join(tempDir({ file: '' }), 'file', 'none.sock')],
    [
      'is an ordinary file',
      () => {
        const path = join(tempDir(), 'plain')
        writeFileSync(path, '')
        return path
      },
    ],
  ])('that %s is told as such', async (_, path) => {
    const socket = path()
    await expect(find(tempDir(), { socket })).rejects.toMatchObject({
      code: 'RESIL_NO_SUPERVISOR',
      message: `no supervisor listens on ${socket}: start one with \`resil start\`, or leave out --socket and RESIL_SOCKET`,
    })
  })
})
