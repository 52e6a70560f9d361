import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nameOfOneOfSeveral, nameOfOnlyApp, nameOfSupervisor, sanitizeName } from '../../../src/config/app/app-name.ts'
import { NAME_PATTERN } from '../../../src/config/schema.ts'
import { fc } from '../../support/property.ts'
import { tempDir } from '../../support/temp-dir.ts'

test.each([
  ['@shop/api', 'api'],
  ['my app!', 'my-app'],
  ['_private', 'private'],
  ['..', 'app'],
  ['日本', 'app'],
  ['a'.repeat(100), 'a'.repeat(64)],
])('%s becomes %s', (text, name) => {
  expect(sanitizeName(text)).toBe(name)
})

test('whatever it was, it becomes a name that a config could hold', () => {
  fc.assert(fc.property(fc.string(), (text) => NAME_PATTERN.test(sanitizeName(text))))
})

test('the only app is called after the nearest package that has a name, else after its entry', () => {
  const dir = tempDir({
    'package.json': '{"name":"@shop/api"}',
    'dist/package.json': '{"type":"module"}',
    'dist/server.js': '',
  })
  expect(nameOfOnlyApp(join(dir, 'dist/server.js'), join(dir, 'dist'))).toBe('api')
  const bare = tempDir({ 'server.js': '', 'package.json': 'not json' })
  expect(nameOfOnlyApp(join(bare, 'server.js'), bare)).toBe('server')
})

test('one of several is called after a package of its own, never after the one that they share', () => {
  const dir = tempDir({ 'package.json': '{"name":"shop"}', 'web/package.json': '{"name":"@shop/web"}' })
  expect(nameOfOneOfSeveral(join(dir, 'web/index.js'), join(dir, 'web'), dir)).toBe('web')
  expect(nameOfOneOfSeveral(join(dir, 'api.js'), dir, dir)).toBe('api')
  expect(nameOfSupervisor(dir)).toBe('shop')
})
