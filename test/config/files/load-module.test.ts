// Configs that are code, read by the Node that would read them: inside vitest another loader would answer.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../support/bundle.ts'
import { nodesUnderTest } from '../../support/node-versions.ts'
import { tempDir } from '../../support/temp-dir.ts'

const run = promisify(execFile)
let program: string

beforeAll(async () => {
  program = await bundle(
    `
    import { readFileSync, writeFileSync } from 'node:fs'
    import { loadConfig } from './src/config/load.ts'
    const [file, changed] = process.argv.slice(2)
    const load = () => loadConfig(file, process.cwd()).then(({ raw }) => raw, (error) => error.code + ' ' + error.message)
    const results = [await load()]
    if (changed) {
      writeFileSync(file, changed)
      results.push(await load())
    }
    process.stdout.write(JSON.stringify(results))
  `,
    ['cosmiconfig'],
  )
})

describe.each(nodesUnderTest)('on Node $version', (node) => {
  async function load(files: Readonly<Record<string, string>>, file: string, changed = ''): Promise<unknown[]> {
    const { stdout, stderr } = await run(node.path, [program, file, changed], { cwd: tempDir(files) })
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }

  test.each([
    ['c.mjs', 'export default { instances: 3 }'],
    ['c.cjs', 'module.exports = { instances: 3 }'],
    ['c.js', 'module.exports = { instances: 3 }'],
    ['c.mjs', 'export default Promise.resolve({ instances: 3 })'],
    ['with space %20.mjs', 'export default { instances: 3 }'],
  ])('%s is read', async (name, text) => {
    expect(await load({ [name]: text }, name)).toEqual([{ instances: 3 }])
  })

  test.each([
    ['c.mjs', 'export default { instances: 1 }', 'export default { instances: 2 }'],
    ['c.cjs', 'module.exports = { instances: 1 }', 'module.exports = { instances: 2 }'],
  ])('%s that changed is read afresh', async (name, before, after) => {
    expect(await load({ [name]: before }, name, after)).toEqual([{ instances: 1 }, { instances: 2 }])
  })

  test('.js is an ES module where the package says so', async () => {
    const files = { 'package.json': '{"type":"module"}', 'c.js': 'export default { instances: 3 }' }
    expect(await load(files, 'c.js')).toEqual([{ instances: 3 }])
  })

  test.each([
    ['c.mjs', 'export default {\n  a: 1,\n  b: ,\n}', "c.mjs:3:6: SyntaxError: Unexpected token ','"],
    ['c.cjs', 'module.exports = {\n  a: 1,\n  b: ,\n}', "c.cjs:3:6: SyntaxError: Unexpected token ','"],
    ['c.mjs', 'const a = 1\nexport default { b: a.c.d }', /^c\.mjs:2:25: TypeError: Cannot read prop/],
    ['c.cjs', 'module.exports = {\n  a: missing,\n}', 'c.cjs:2:6: ReferenceError: missing is not defined'],
    ['c.mjs', "throw new Error('no key\\nin the environment')", 'c.mjs:1:7: no key in the environment'],
    ['c.mjs', "throw 'just text'", 'c.mjs: just text'],
    ['c.mjs', "import { nope } from 'node:fs'\nexport default {}", /^c\.mjs:1:10: SyntaxError: .*'nope'/],
    ['c.mjs', "import './other.mjs'\nexport default {}", /^c\.mjs: .*Cannot find module .*other\.mjs/],
    ['c.mjs', 'export const a = 1', 'c.mjs: exports no default; write "export default { … }"'],
    ['c.mjs', 'export default () => ({})', 'c.mjs: exports a function; export the object itself'],
  ])('%s: %j is told in one line, with its place', async (name, text, line) => {
    const [told] = await load({ [name]: text }, name)
    const expected =
      typeof line === 'string'
        ? `RESIL_CONFIG ${line}`
        : expect.stringMatching(new RegExp(line.source.replace('^', '^RESIL_CONFIG ')))
    expect(told).toEqual(expected)
  })

  test('a broken file that the config requires is named', async () => {
    const [told] = await load(
      { 'c.cjs': "module.exports = require('./other.cjs')", 'other.cjs': 'module.exports = {\n' },
      'c.cjs',
    )
    expect(told).toMatch(/^RESIL_CONFIG c\.cjs: SyntaxError: Unexpected end of input \(.*other\.cjs:\d+\)$/)
  })

  test('TypeScript is read where Node knows it, and refused with the way out where it does not', async () => {
    const files = {
      'c.ts': 'interface Config { instances: number }\nexport default { instances: 3 } satisfies Config',
      'broken.ts': 'const a: number = 1\nexport default { a: , }',
      'enum.ts': 'enum X { A }\nexport default { a: X.A }',
      'package.json': '{"type":"module"}',
    }
    if (!node.stripsTypes) {
      expect(await load(files, 'c.ts')).toEqual([
        `RESIL_CONFIG c.ts: Node ${node.version} can't read TypeScript; use Node 22.18 or later, or write it as .mjs, .json or .yaml`,
      ])
      return
    }
    // 22.18 still warns that this is experimental.
    const right = await run(node.path, ['--no-warnings', program, 'c.ts'], { cwd: tempDir(files) })
    expect(JSON.parse(right.stdout)).toEqual([{ instances: 3 }])
    const broken = await run(node.path, ['--no-warnings', program, 'broken.ts'], { cwd: tempDir(files) })
    expect(JSON.parse(broken.stdout)[0]).toMatch(/^RESIL_CONFIG broken\.ts:2:21: SyntaxError: /)
    const unsupported = await run(node.path, ['--no-warnings', program, 'enum.ts'], { cwd: tempDir(files) })
    expect(JSON.parse(unsupported.stdout)[0]).toMatch(/^RESIL_CONFIG enum\.ts:1:1: SyntaxError: .*enum/)
  })
})
