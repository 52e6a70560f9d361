import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeState, stateRoots } from '../../../src/process/incidents/state-dir.ts'
import { tempDir } from '../../support/temp-dir.ts'

const identity = { name: 'shop', dir: '/srv/shop', entry: '/srv/shop/server.js' }
const uid = process.getuid?.() ?? 0

test('the usual places are the state folder of the session, of the user, of the machine, then those of sockets', () => {
  expect(stateRoots({ env: { XDG_STATE_HOME: '/s', HOME: '/home/a', RESIL_RUNTIME_DIR: '/r' }, uid: 1000 })).toEqual([
    '/s/resil',
    '/home/a/.local/state/resil',
    '/var/lib/resil',
    '/r/state',
    '/tmp/resil-1000/state',
    '/dev/shm/resil-1000/state',
  ])
  expect(stateRoots({ env: { XDG_STATE_HOME: 'relative', HOME: '' }, uid: 1000 })[0]).toBe('/var/lib/resil')
})

test('a supervisor has a folder of its own, for its owner alone', () => {
  const home = tempDir()
  const { dir, warnings } = placeState(identity, undefined, { env: { XDG_STATE_HOME: home }, uid })
  expect(dir).toMatch(new RegExp(`^${home}/resil/shop-[0-9a-f]{8}$`))
  expect(warnings).toEqual([])
  expect(statSync(dir ?? '').mode & 0o777).toBe(0o700)
  const other = placeState({ ...identity, dir: '/srv/other' }, undefined, { env: { XDG_STATE_HOME: home }, uid })
  expect(other.dir).not.toBe(dir)
})

test('a place that can not be made gives way to the next', () => {
  const [home, xdg] = [tempDir(), tempDir()]
  writeFileSync(join(xdg, 'resil'), 'a file')
  const { dir } = placeState(identity, undefined, { env: { XDG_STATE_HOME: xdg, HOME: home }, uid })
  expect(dir?.startsWith(`${home}/.local/state/resil/`)).toBe(true)
})

test('a place that somebody chose is the only one: where it will not do, it is said', () => {
  const chosen = tempDir()
  writeFileSync(join(chosen, 'state'), 'a file')
  const { dir, warnings } = placeState(identity, join(chosen, 'state'), { env: { HOME: tempDir() }, uid })
  expect(dir).toBeNull()
  expect(warnings).toEqual([expect.stringMatching(/^incidents are kept in memory only.*set stateDir to a folder/)])
})

test('a link in its place is not followed', () => {
  const [home, elsewhere] = [tempDir(), tempDir()]
  const first = placeState(identity, home, { env: {}, uid }).dir ?? ''
  const name = first.split('/').at(-1) ?? ''
  const other = tempDir()
  chmodSync(other, 0o700)
  mkdirSync(join(elsewhere, 'x'))
  symlinkSync(elsewhere, join(other, name))
  expect(placeState(identity, other, { env: {}, uid }).dir).toBeNull()
})
