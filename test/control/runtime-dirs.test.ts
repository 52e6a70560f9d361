import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mayLookInto, prepareDir, runtimeDirs, searchedDirs } from '../../src/control/runtime-dirs.ts'
import { tempDir } from '../support/temp-dir.ts'

const uid = process.getuid?.() ?? 0
const somebodyElse = uid + 1

const modeOf = (path: string): number => lstatSync(path).mode & 0o777
const pathsOf = (dirs: readonly { readonly path: string }[]): string[] => dirs.map(({ path }) => path)

describe('the order of runtime folders', () => {
  it('is the chosen one, the session, /tmp, /dev/shm', () => {
    const env = { RESIL_RUNTIME_DIR: '/run/resil', XDG_RUNTIME_DIR: '/run/user/7' }
    expect(pathsOf(runtimeDirs({ env, uid: 7 }))).toEqual([
      '/run/resil',
      '/run/user/7/resil',
      '/tmp/resil-7',
      '/dev/shm/resil-7',
    ])
  })

  it.each([
    ['needs neither variables nor HOME', {}],
    ['takes empty variables for none', { RESIL_RUNTIME_DIR: '', XDG_RUNTIME_DIR: '' }],
    ['leaves out a session folder that is not absolute', { XDG_RUNTIME_DIR: 'run' }],
  ])('%s', (_, env) => {
    expect(pathsOf(runtimeDirs({ env, uid: 7 }))).toEqual(['/tmp/resil-7', '/dev/shm/resil-7'])
  })

  it('lets commands look into the session of their user too where the variable is missing', () => {
    expect(pathsOf(searchedDirs({ env: {}, uid: 7 }))).toEqual([
      '/tmp/resil-7',
      '/dev/shm/resil-7',
      '/run/user/7/resil',
    ])
  })

  it('makes a usable chosen folder the only one that commands look into', () => {
    const chosen = tempDir()
    expect(pathsOf(searchedDirs({ env: { RESIL_RUNTIME_DIR: chosen }, uid }))).toEqual([chosen])
  })

  it('lets commands look everywhere where the chosen folder is of no use, as the supervisor did', () => {
    const chosen = join(tempDir(), 'missing')
    expect(pathsOf(searchedDirs({ env: { RESIL_RUNTIME_DIR: chosen }, uid }))).toContain(`/tmp/resil-${uid}`)
  })
})

describe('a runtime folder', () => {
  it('is made for its owner alone', () => {
    const path = join(tempDir(), 'resil')
    expect(prepareDir({ path, kind: 'shared' }, uid)).toBeNull()
    expect(modeOf(path)).toBe(0o700)
    expect(prepareDir({ path, kind: 'shared' }, uid)).toBeNull()
  })

  it('is closed to others where it had been left open', () => {
    const path = join(tempDir(), 'resil')
    mkdirSync(path)
    chmodSync(path, 0o777)
    expect(mayLookInto({ path, kind: 'shared' }, uid)).toBe(false)
    expect(prepareDir({ path, kind: 'shared' }, uid)).toBeNull()
    expect(modeOf(path)).toBe(0o700)
    expect(mayLookInto({ path, kind: 'shared' }, uid)).toBe(true)
  })

  it('keeps the mode that an operator chose for it', () => {
    const path = tempDir()
    chmodSync(path, 0o755)
    expect(prepareDir({ path, kind: 'chosen' }, uid)).toBeNull()
    expect(modeOf(path)).toBe(0o755)
  })

  it('is refused as a symbolic link, also to a good folder', () => {
    const dir = tempDir()
    const path = join(dir, 'link')
    mkdirSync(join(dir, 'good'), { mode: 0o700 })
    symlinkSync(join(dir, 'good'), path)
    for (const kind of ['chosen', 'session', 'shared'] as const) {
      expect(prepareDir({ path, kind }, uid)).toBe('it is a symbolic link')
    }
  })

  it('is refused where another user owns it', () => {
    const path = join(tempDir(), 'resil')
    mkdirSync(path, { mode: 0o700 })
    expect(prepareDir({ path, kind: 'shared' }, somebodyElse)).toBe(`it belongs to another user (uid ${uid})`)
  })

  it('is refused as a file', () => {
    const path = join(tempDir({ file: '' }), 'file')
    expect(prepareDir({ path, kind: 'chosen' }, uid)).toBe('it is not a folder')
  })

  it('is not made in the session of another user, as sudo leaves it', () => {
    const session = tempDir()
    const path = join(session, 'resil')
    expect(prepareDir({ path, kind: 'session' }, somebodyElse)).toBe(`${session} belongs to another user (uid ${uid})`)
    expect(existsSync(path)).toBe(false)
  })

  it('is not made where the session does not exist', () => {
    expect(prepareDir({ path: '/run/user/4200000/resil', kind: 'session' }, 4_200_000)).toBe(
      '/run/user/4200000 does not exist',
    )
  })
})
