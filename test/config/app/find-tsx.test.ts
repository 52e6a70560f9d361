import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { supportTypeScript } from '../../../src/config/app/find-tsx.ts'
import { runsTypeScript } from '../../../src/config/app/node-version.ts'
import { tempDir } from '../../support/temp-dir.ts'

const withTsx = (): string =>
  tempDir({ 'node_modules/tsx/package.json': '{"exports":"./loader.mjs"}', 'node_modules/tsx/loader.mjs': '' })

test.each([
  ['v20.20.2', false],
  ['v22.17.9', false],
  ['v22.18.0', true],
  ['v23.5.0', false],
  ['v23.6.0', true],
  ['24.0.0', true],
  ['v26.10.0', true],
])('Node %s runs TypeScript: %s', (version, can) => {
  expect(runsTypeScript(version)).toBe(can)
})

test('JavaScript, and TypeScript where Node knows it, need nothing', () => {
  const dir = tempDir()
  expect(supportTypeScript('/app.mjs', { nodeArgs: [], dir, nodeVersion: 'v20.20.2' })).toEqual({ nodeArgs: [] })
  expect(supportTypeScript('/app.ts', { nodeArgs: [], dir, nodeVersion: 'v22.18.0' })).toEqual({ nodeArgs: [] })
})

test('an older Node runs TypeScript through the tsx of the project', () => {
  const dir = withTsx()
  const loader = pathToFileURL(`${dir}/node_modules/tsx/loader.mjs`).href
  for (const script of ['/app.ts', '/app.mts', '/app.cts', '/app.tsx']) {
    expect(supportTypeScript(script, { nodeArgs: [], dir, nodeVersion: 'v20.20.2' })).toEqual({
      nodeArgs: ['--import', loader],
    })
  }
})

test('a loader that the person brought is left alone', () => {
  for (const flag of ['--import=tsx', '--require', '-r', '--loader=ts-node/esm']) {
    const options = { nodeArgs: [flag], dir: withTsx(), nodeVersion: 'v20.20.2' }
    expect(supportTypeScript('/app.ts', options)).toEqual({ nodeArgs: [] })
  }
})

test('without tsx the line says what to do', () => {
  const dir = tempDir()
  expect(supportTypeScript('/app.ts', { nodeArgs: [], dir, nodeVersion: 'v20.20.2' })).toEqual({
    problem:
      'Node 20.20.2 can\'t run TypeScript by itself; run "npm install tsx" in the project, or use Node 22.18 or later',
  })
  expect(supportTypeScript('/app.tsx', { nodeArgs: [], dir, nodeVersion: 'v24.0.0' })).toEqual({
    problem: 'Node 24.0.0 can\'t run TSX by itself; run "npm install tsx" in the project',
  })
})
