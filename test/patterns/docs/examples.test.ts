import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  adaptiveLimiter,
  bulkhead,
  chaos,
  checks,
  circuitBreaker,
  exponentialBackoff,
  fallback,
  healthRegistry,
  hedge,
  pipeline,
  rateLimiter,
  resilientFetch,
  retry,
  retryBudget,
  timeout,
} from '../../../src/patterns.ts'

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

/** What a strategy takes, in the words of its own complaint. */
function optionsOf(make: (options: never) => unknown, needed: object = {}): string[] {
  try {
    make({ ...needed, zzzzzz: 1 } as never)
  } catch (error) {
    return /known are (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? []
  }
  return []
}

it.each<[string, string[]]>([
  ['circuit-breaker', [...optionsOf(circuitBreaker), ...optionsOf(circuitBreaker, { window: { calls: 5 } })]],
  ['retry', [...optionsOf(retry), ...optionsOf(retryBudget), ...optionsOf(exponentialBackoff)]],
  ['bulkhead', optionsOf(bulkhead)],
  ['timeout', optionsOf(timeout as never)],
  ['fallback', [...optionsOf(fallback.cached), ...optionsOf((options) => fallback.value(1, options))]],
  ['hedge', [...optionsOf(hedge), ...optionsOf((delayMs) => hedge({ delayMs }))]],
  ['rate-limiter', optionsOf(rateLimiter)],
  ['adaptive-limiter', [...optionsOf(adaptiveLimiter), ...optionsOf(adaptiveLimiter, { algorithm: 'throttle' })]],
  ['chaos', optionsOf(chaos as never)],
  ['health', optionsOf((options) => healthRegistry().register('x', () => true, options))],
  ['health', [...optionsOf(checks.disk), ...optionsOf(checks.memory), ...optionsOf(checks.eventLoop)]],
  ['health', [...optionsOf(checks.tcp), ...optionsOf(checks.http)]],
  ['pipeline', optionsOf((options) => pipeline.standard('x', options))],
  ['adapters', optionsOf(resilientFetch)],
])('the guide %s tells of every option', (guide, options) => {
  expect(options.length).toBeGreaterThan(0)
  // What all strategies take is told in the overview.
  const pages = ['README', guide, ...(guide === 'adapters' ? ['pipeline'] : [])]
  const text = pages.map((page) => readFileSync(join(guides, `${page}.md`), 'utf8')).join('\n')
  expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(text))).toEqual([])
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
