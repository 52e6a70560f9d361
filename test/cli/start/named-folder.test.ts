import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { namedFolder } from '../../../src/cli/start/named-folder.ts'
import { tempDir } from '../../support/temp-dir.ts'

const base = tempDir({ 'releases/1/app.js': '', 'releases/2/app.js': '' })
const [one, current] = [join(base, 'releases/1'), join(base, 'current')]
symlinkSync('releases/1', current)

it('is the name that the shell has for it, links and all', () => {
  expect(namedFolder(one, current)).toBe(current)
})

it.each([
  ['is not set', undefined],
  ['names another folder, as after a chdir', join(base, 'releases/2')],
  ['names nothing any more', join(base, 'gone')],
  ['is relative', 'current'],
  ['is roundabout', `${base}/releases/../current`],
])('is the real one where PWD %s', (_, pwd) => {
  expect(namedFolder(one, pwd)).toBe(one)
})
