import { mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { placeDiagnosisFile } from '../../../src/process/evidence/diagnosis-files.ts'
import { tempDir } from '../../support/temp-dir.ts'

const at = Date.UTC(2026, 0, 31, 12)

function place(stateDir: string | null, target = 'web:0', wallNow = at): string {
  return placeDiagnosisFile(stateDir, { target, kind: 'heapsnapshot', wallNow })
}

it('is named after worker and time, in a folder for its owner alone', () => {
  const state = tempDir()
  const file = place(state)
  expect(file).toBe(join(state, 'diagnoses', '20260131T120000000-web-0.heapsnapshot'))
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
})

it('can not be led elsewhere by a name', () => {
  const state = tempDir()
  expect(dirname(place(state, '../../etc/x:0'))).toBe(join(state, 'diagnoses'))
})

describe('what there is already', () => {
  it('is at most nine files, the newest', () => {
    const state = tempDir()
    for (let minute = 0; minute < 12; minute += 1) writeFileSync(place(state, 'web:0', at + minute * 60_000), '')
    const names = readdirSync(join(state, 'diagnoses')).sort()
    expect(names).toHaveLength(10)
    expect(names[0]).toBe('20260131T120200000-web-0.heapsnapshot')
  })

  it('is at most a gigabyte', () => {
    const state = tempDir()
    const big = [0, 1, 2].map((minute) => {
      const file = place(state, 'web:0', at + minute * 60_000)
      writeFileSync(file, '')
      // Sparse: it takes no room.
      truncateSync(file, 400 * 2 ** 20)
      return basename(file)
    })
    place(state, 'web:0', at + 180_000)
    expect(readdirSync(join(state, 'diagnoses')).sort()).toEqual(big.slice(1))
  })

  it('is left alone where it is not of resil', () => {
    const state = tempDir()
    mkdirSync(join(state, 'diagnoses'))
    for (let file = 0; file < 20; file += 1) writeFileSync(join(state, 'diagnoses', `notes-${file}.txt`), '')
    place(state)
    expect(readdirSync(join(state, 'diagnoses'))).toHaveLength(20)
  })
})

it.each([
  ['no state folder', () => null, /set stateDir/],
  [
    'a link in its place',
    () => {
      const state = tempDir()
      symlinkSync(tempDir(), join(state, 'diagnoses'))
      return state
    },
    /is no folder of ours|EEXIST/,
  ],
])('%s: there is no place', (_, stateDir, message) => {
  expect(() => place(stateDir())).toThrow(message)
})
