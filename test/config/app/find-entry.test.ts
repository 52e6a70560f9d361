import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findEntry } from '../../../src/config/app/find-entry.ts'
import { tempDir } from '../../support/temp-dir.ts'

const files = (...names: string[]): string => tempDir(Object.fromEntries(names.map((name) => [name, ''])))

test('a file is found relative to the base, or by its absolute path', () => {
  const dir = files('src/app.js')
  expect(findEntry('src/app.js', dir)).toEqual({ file: join(dir, 'src/app.js') })
  expect(findEntry(join(dir, 'src/app.js'), '/')).toEqual({ file: join(dir, 'src/app.js') })
})

test.each([
  ['{"main":"lib/start.js"}', 'lib/start.js'],
  ['{"main":"lib/start"}', 'lib/start.js'],
  ['{"main":"./lib"}', 'lib/index.js'],
  ['{"main":"gone.js"}', 'index.js'],
  ['{}', 'index.js'],
  ['broken', 'index.js'],
])('a folder whose package.json is %s means %s', (packageJson, entry) => {
  const dir = tempDir({ 'package.json': packageJson, 'lib/start.js': '', 'lib/index.js': '', 'index.js': '' })
  expect(findEntry('.', dir)).toEqual({ file: join(dir, entry) })
  expect(findEntry(undefined, dir)).toEqual({ file: join(dir, entry) })
})

test.each([
  [['app.mjs'], 'app.js', 'no such file; did you mean app.mjs?'],
  [['app.js'], 'app', 'no such file; did you mean app.js?'],
  [['src/app.js', 'app.mjs'], 'app.js', 'no such file; did you mean app.mjs or src/app.js?'],
  [['server.js'], 'sevrer.js', 'no such file; did you mean server.js?'],
  [['dist/index.js'], 'index.js', 'no such file; did you mean dist/index.js?'],
  [['readme.md'], 'app.js', 'no such file'],
  [[], 'deep/er/app.js', 'no such file'],
  [['app.js'], 'app.js/x.js', 'no such file'],
])('with %j there, %s is told what was probably meant', (there, entry, problem) => {
  expect(findEntry(entry, files(...there))).toEqual({ problem })
})

test('a folder without an entry says so, and names what looks like one', () => {
  expect(findEntry('.', files('src/server.ts'))).toEqual({
    problem:
      'a folder without "main" in a package.json and without index.js; name the entry file, such as src/server.ts',
  })
  expect(findEntry('web', files('web/app.js'))).toMatchObject({
    problem: expect.stringContaining('such as web/app.js'),
  })
  expect(findEntry('.', tempDir({ 'package.json': '{"main":"gone.js"}' }))).toEqual({
    problem: 'main of its package.json is "gone.js", which does not exist; name the entry file',
  })
})

test('links that lead nowhere say where', () => {
  const dir = files()
  symlinkSync('missing.js', join(dir, 'app.js'))
  symlinkSync('loop.js', join(dir, 'loop.js'))
  expect(findEntry('app.js', dir)).toEqual({ problem: 'a symbolic link to missing.js, which does not exist' })
  expect(findEntry('loop.js', dir)).toEqual({ problem: 'a symbolic link that leads back to itself' })
  mkdirSync(join(dir, 'real'))
  writeFileSync(join(dir, 'real/x.js'), '')
  symlinkSync('real/x.js', join(dir, 'x.js'))
  expect(findEntry('x.js', dir)).toEqual({ file: join(dir, 'x.js') })
})

test('what is neither file nor folder is refused', () => {
  expect(findEntry('/dev/null', '/')).toEqual({ problem: 'is no regular file' })
})
