import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const guides = join(root, 'docs/guides/patterns')
/** Inside of the project: the examples' types are found from there. */
const dir = join(root, `.cache/patterns-examples-${process.pid}`)

interface Example {
  readonly name: string
  readonly code: string
}

const examples: Example[] = readdirSync(guides).flatMap((guide) =>
  [...readFileSync(join(guides, guide), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ''], n) => ({
    name: `${guide.replace('.md', '')}-${n + 1}`,
    code,
  })),
)

beforeAll(() => {
  mkdirSync(dir, { recursive: true })
  for (const { name, code } of examples) writeFileSync(join(dir, `${name}.ts`), code)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

it('there is a guide with an example for each strategy', () => {
  expect(new Set(examples.map(({ name }) => name.replace(/-\d+$/, ''))).size).toBeGreaterThanOrEqual(13)
})

it('all examples type-check', () => {
  const config = {
    extends: '../../tsconfig.test.json',
    compilerOptions: { rootDir: '../..', paths: { 'resil/patterns': ['../../src/patterns.ts'] } },
    include: ['*.ts'],
  }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  let output = ''
  try {
    execFileSync(process.execPath, [compiler, '-p', dir], { encoding: 'utf8', cwd: root })
  } catch (error) {
    output = (error as { stdout: string }).stdout
  }
  expect(output).toBe('')
})

describe('runs, and what it asserts holds:', () => {
  it.each(examples.map(({ name }) => name))('%s', async (name) => {
    const failed: unknown[] = []
    const { assert } = console
    console.assert = (condition) => void (condition === true || failed.push(condition))
    try {
      const outfile = join(dir, `${name}.mjs`)
      await build({
        entryPoints: [join(dir, `${name}.ts`)],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        alias: { 'resil/patterns': join(root, 'src/patterns.ts') },
        logLevel: 'silent',
      })
      await import(outfile)
    } finally {
      console.assert = assert
    }
    expect(failed).toEqual([])
  })
})
