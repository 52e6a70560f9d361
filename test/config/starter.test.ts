import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { ConfigFile } from '../../src/config/schema.ts'
import { findStarter, type Starter, starterHint, toJsonConfig } from '../../src/config/starter.ts'
import { toCommentedConfig } from '../../src/config/starter-comments.ts'
import { tempDir } from '../support/temp-dir.ts'

const plain: Starter = { name: 'x', script: 'app.js', args: [], nodeArgs: [], found: 'found' }

test.each<[Record<string, string>, Partial<Starter>]>([
  [
    { 'package.json': '{"name":"@shop/api","main":"lib/a.js"}', 'lib/a.js': '' },
    { name: 'api', script: 'lib/a.js', found: 'main of package.json' },
  ],
  [
    {
      'package.json': '{"main":"a.js","scripts":{"start":"node --enable-source-maps dist/s.js --port 80"}}',
      'a.js': '',
      'dist/s.js': '',
    },
    {
      name: 's',
      script: 'dist/s.js',
      nodeArgs: ['--enable-source-maps'],
      args: ['--port', '80'],
      found: 'the start script in package.json',
    },
  ],
  [
    { 'package.json': '{"scripts":{"start":"tsx watch.ts"}}', 'watch.ts': '' },
    { script: 'watch.ts', nodeArgs: [], args: [] },
  ],
  [
    { 'package.json': '{"main":"a.js","scripts":{"start":"npm run build && node b.js"}}', 'a.js': '', 'b.js': '' },
    { script: 'a.js' },
  ],
  [{ 'package.json': '{"main":"a.js","scripts":{"start":"node gone.js"}}', 'a.js': '' }, { script: 'a.js' }],
  [{ 'index.js': '' }, { name: 'index', script: 'index.js', found: 'found in this folder' }],
  [
    { 'package.json': '{"main":"gone.js"}', 'src/server.ts': '' },
    { script: 'src/server.ts', found: 'found in this folder' },
  ],
])('%j starts with %j', (files, starter) => {
  expect(findStarter(tempDir(files), undefined)).toMatchObject(starter)
})

test('an entry that was named wins; one that is not there is told', () => {
  const dir = tempDir({ 'index.js': '', 'b.js': '' })
  expect(findStarter(dir, 'b.js')).toMatchObject({ script: 'b.js', found: 'as you named it' })
  expect(findStarter(dir, 'c.js')).toEqual({
    problem: 'c.js: no such file; did you mean b.js?',
  })
})

test('an empty folder is told what to do', () => {
  expect(findStarter(tempDir(), undefined)).toEqual({
    problem: 'found no entry: no start script or main in package.json, no index.js; name it: "resil init app.js"',
  })
})

test('what is written is a config that resil takes', async () => {
  const starter = { ...plain, args: ['--port', '80'], nodeArgs: ['--enable-source-maps'] }
  const json = JSON.parse(toJsonConfig(starter, './schema.json'))
  expect(json).toEqual({
    $schema: './schema.json',
    name: 'x',
    script: 'app.js',
    args: ['--port', '80'],
    nodeArgs: ['--enable-source-maps'],
    instances: 'auto',
  })
  expect(z.safeParse(ConfigFile, json).success).toBe(true)
  expect(JSON.parse(toJsonConfig(plain, undefined))).toEqual({ name: 'x', script: 'app.js', instances: 'auto' })
})

test('the commented form is a module; with its comments taken away it is a config too', async () => {
  const text = toCommentedConfig(plain)
  const dir = tempDir({ 'a.mjs': text, 'b.mjs': text.replaceAll(/^ {2}\/\/ (?=\w+: )/gm, '  ') })
  const load = async (name: string): Promise<unknown> =>
    (await import(/* @vite-ignore */ pathToFileURL(`${dir}/${name}`).href)).default
  expect(await load('a.mjs')).toEqual({ name: 'x', script: 'app.js', instances: 'auto' })
  expect(z.safeParse(ConfigFile, await load('b.mjs')).success).toBe(true)
})

test('TypeScript on Node 20 comes with a hint', () => {
  expect(starterHint({ ...plain, script: 'a.ts' }, 'v20.20.2')).toBe(
    'Node 20 runs TypeScript through tsx: "npm install tsx"',
  )
  expect(starterHint({ ...plain, script: 'a.ts' }, 'v24.0.0')).toBeUndefined()
  expect(starterHint(plain, 'v20.20.2')).toBeUndefined()
})
