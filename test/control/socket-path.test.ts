import { rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  explicitSocketPath,
  MAX_SOCKET_PATH_BYTES,
  placeSocket,
  socketFileName,
} from '../../src/control/socket-path.ts'
import { fc } from '../support/property.ts'
import { tempDir } from '../support/temp-dir.ts'

const uid = process.getuid?.() ?? 0
const identity = { name: 'web', dir: '/srv/web', entry: '/srv/web/app.js' }

/** The folders of a uid that never was are tried and refused, and may have been made. */
function forgetFoldersOf(nobody: number): void {
  for (const parent of ['/tmp', '/dev/shm']) {
    try {
      rmdirSync(`${parent}/resil-${nobody}`)
    } catch {
      // Not made.
    }
  }
}

describe('the name of a socket', () => {
  it('shows the name and tells folder and entry apart', () => {
    const names = [
      identity,
      { ...identity, dir: '/srv/other' },
      { ...identity, entry: '/srv/web/other.js' },
      { ...identity, name: 'web2' },
    ].map(socketFileName)
    expect(names[0]).toMatch(/^web-[0-9a-f]{8}\.sock$/)
    expect(new Set(names).size).toBe(4)
    expect(socketFileName({ ...identity })).toBe(names[0])
  })

  it('is one plain file name, whatever the supervisor is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), (name) => {
        expect(socketFileName({ ...identity, name })).toMatch(/^[A-Za-z0-9_.-]{1,41}[0-9a-f]{8}\.sock$/)
      }),
    )
  })

  it('tells names apart that look the same once their odd characters are gone', () => {
    expect(socketFileName({ ...identity, name: 'a/b' })).not.toBe(socketFileName({ ...identity, name: 'a b' }))
  })
})

describe('the place of a socket', () => {
  it('is the folder that RESIL_RUNTIME_DIR names, made where it is missing', () => {
    const dir = join(tempDir(), 'deep', 'run')
    const place = placeSocket(identity, { env: { RESIL_RUNTIME_DIR: dir }, uid })
    expect(place).toEqual({ path: join(dir, socketFileName(identity)), warnings: [] })
  })

  it('always fits into an address of the system', () => {
    const base = tempDir()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.string({ minLength: 1, maxLength: 200 }), (length, name) => {
        const dir = join(base, 'd'.repeat(length))
        const { path } = placeSocket({ ...identity, name }, { env: { RESIL_RUNTIME_DIR: dir }, uid })
        expect(path).not.toBeNull()
        expect(Buffer.byteLength(path ?? '')).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES)
      }),
      { numRuns: 50 },
    )
  })

  it('moves on from a folder that can not be used, and says so where a person chose it', () => {
    const session = tempDir()
    const chosen = join('/proc/self', 'resil')
    const place = placeSocket(identity, { env: { RESIL_RUNTIME_DIR: chosen, XDG_RUNTIME_DIR: session }, uid })
    expect(place.path).toBe(join(session, 'resil', socketFileName(identity)))
    expect(place.warnings).toEqual([expect.stringMatching(`^RESIL_RUNTIME_DIR ${chosen} is not used: `)])
  })

  it('is nowhere when no folder will have it, and that is told with each reason', () => {
    const nobody = 4_200_000
    const file = join(tempDir({ file: '' }), 'file')
    const place = placeSocket(identity, { env: { RESIL_RUNTIME_DIR: file }, uid: nobody })
    forgetFoldersOf(nobody)
    expect(place.path).toBeNull()
    expect(place.warnings).toHaveLength(1)
    expect(place.warnings[0]).toMatch(/^no place for a control socket: commands won't work; set RESIL_RUNTIME_DIR/)
    expect(place.warnings[0]).toContain(`${file}: it is not a folder`)
  })
})

describe('--socket', () => {
  it('is taken from where the person is', () => {
    expect(explicitSocketPath('run/web.sock', '/srv/web')).toBe('/srv/web/run/web.sock')
    expect(explicitSocketPath('/run/web.sock', '/srv/web')).toBe('/run/web.sock')
  })

  it('is refused where the system would cut it', () => {
    const path = `/${'x'.repeat(107)}`
    expect(() => explicitSocketPath(path, '/')).toThrow(
      `the socket path ${path} is 108 bytes long, and Linux takes 107: choose a shorter one`,
    )
    expect(explicitSocketPath(path.slice(0, -1), '/')).toHaveLength(107)
  })
})
