// As a program gets it: the packed tarball in a project of its own, checked by the compiler in the ways that projects are set up.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useTempDir } from './support/temp.ts'

const root = join(import.meta.dirname, '../..')
const dir = useTempDir()

const program = `
import {
  bulkhead, chaos, checks, circuitBreaker, fallback, healthRegistry, isResilienceError, pipeline, resilientFetch, retry,
  type Pipeline, type Strategy, timeout, wrapClient,
} from 'resil/patterns'
import { ResilError, retry as same } from 'resil'
import { onDrain, ready } from 'resil/worker'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(_equal: Equal<A, B>): void => {}

interface User { readonly id: number }
const load = async (id: number): Promise<User> => ({ id })

// Any strategies, in any order: the result keeps its type, and only fallbacks and chaos add to it.
const all = pipeline('users', fallback.value(null), timeout(1000), retry(), circuitBreaker(), bulkhead(), chaos({ outcome: () => 'odd' as const }))
const user = await all.execute(() => load(1))
is<typeof user, User | null | 'odd'>(true)
const nested = pipeline('outer', fallback.degraded(async () => 0), pipeline('inner', retry(), timeout(5)))
const inner = await nested.execute(() => 'text')
is<typeof inner, string | number>(true)

// wrap keeps arguments, this, and the result; what is not async becomes so.
const find = all.wrap(load)
is<Parameters<typeof find>, [id: number]>(true)
is<Awaited<ReturnType<typeof find>>, User | null | 'odd'>(true)
const length = retry().wrap(function (this: { base: number }, text: string) { return this.base + text.length })
is<ThisParameterType<typeof length>, { base: number }>(true)
is<ReturnType<typeof length>, Promise<number>>(true)
const withCall = pipeline.standard('x').wrapWithCall(({ signal }, url: string) => fetch(url, { signal }))
is<ReturnType<typeof withCall>, Promise<Response>>(true)

// A classifier is for its results, and so is a pipeline with one.
const judged = retry<Response>({ classify: (outcome) => (outcome.ok && outcome.value.ok ? 'success' : 'failure') })
const http: Pipeline<Response> = pipeline('http', judged, circuitBreaker())
const response = await http.execute(() => fetch('http://127.0.0.1'))
is<typeof response, Response>(true)
// @ts-expect-error a number is no Response
await http.execute(() => 5)
const anyStrategy: Strategy = bulkhead()

// fetch stays fetch.
const get = resilientFetch({ fallback: fallback.value(new Response('[]')), retry: { maxAttempts: 2 } })
const like: (input: string | URL | Request, init?: RequestInit) => Promise<Response> = get
const body = await (await get('http://127.0.0.1', { method: 'POST', body: 'x' })).json()

// Clients by method.
class Client {
  async query(text: string): Promise<{ rows: string[] }> { return { rows: [text] } }
  close(): void {}
}
const database = wrapClient(new Client(), all, ['query'])
const rows = await database.query('select 1')
is<typeof rows, { rows: string[] } | null | 'odd'>(true)
// @ts-expect-error no such method
wrapClient(new Client(), all, ['missing'])

const report = await retry().report(() => load(1))
if (report.ok) is<typeof report.value, User>(true)
else is<typeof report.error, unknown>(true)

const error: unknown = new ResilError('RESIL_USAGE', 'x')
if (isResilienceError(error, 'RESIL_CIRCUIT_OPEN')) is<typeof error.code, 'RESIL_CIRCUIT_OPEN'>(true)

const health = healthRegistry()
health.register('loop', checks.eventLoop(), { kind: 'liveness' })
// @ts-expect-error another's fault is no reason to restart this process
health.register('db', checks.tcp({ host: 'db', port: 5432 }), { kind: 'liveness' })
// @ts-expect-error seconds are not milliseconds
retry({ attemptTimeout: 5 })
export { anyStrategy, body, like, onDrain, ready, same }
`

beforeAll(() => {
  const [packed] = JSON.parse(
    // Its own cache: there may be no home, or one that can't be written.
    execFileSync(
      'npm',
      [
        'pack',
        '--json',
        '--ignore-scripts',
        '--offline',
        '--cache',
        join(dir.path, 'cache'),
        '--pack-destination',
        dir.path,
      ],
      {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    ),
  ) as [{ filename: string }]
  const home = join(dir.path, 'node_modules/resil')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['xzf', join(dir.path, packed.filename), '--strip-components=1', '-C', home])
  mkdirSync(join(dir.path, 'node_modules/@types'))
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(root, 'node_modules', name), join(dir.path, 'node_modules', name))
  }
  writeFileSync(join(dir.path, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(dir.path, 'program.ts'), program)
}, 60_000)
afterAll(() => dir.remove())

/** What the compiler has to say. */
function compile(options: object): string {
  const base = { strict: true, target: 'es2022', noEmit: true, skipLibCheck: false, types: ['node'] }
  const config = { compilerOptions: { ...base, ...options }, files: ['program.ts'] }
  writeFileSync(join(dir.path, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  try {
    return execFileSync(process.execPath, [compiler, '-p', dir.path], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

describe('a project in TypeScript infers results through any strategies', () => {
  it.each<[string, object]>([
    ['NodeNext', { module: 'nodenext' }],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
    [
      'a bundler for the browser, without the types of Node',
      { module: 'esnext', moduleResolution: 'bundler', types: [], lib: ['es2022', 'dom', 'dom.iterable'] },
    ],
    [
      'NodeNext, as strict as it gets',
      {
        module: 'nodenext',
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
      },
    ],
  ])('with %s', (_how, options) => {
    expect(compile(options)).toBe('')
  })
})

it('its declarations keep to what compilers before TypeScript 5.7 can read', () => {
  const types = join(dir.path, 'node_modules/resil/dist/types')
  const files = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(patterns|checks|index|worker|errors|clock).*\.d\.ts$/.test(name),
  )
  expect(files.length).toBeGreaterThan(30)
  // Typed arrays had no type argument.
  const generic = files.filter((name) => /\w+(8|16|32|64)Array</.test(readFileSync(join(types, name), 'utf8')))
  expect(generic).toEqual([])
})

it('what is thrown at a program is told in a few lines, in names that can be read', () => {
  const code = `
    import { circuitBreaker, retry } from 'resil/patterns'
    const breaker = circuitBreaker({ name: 'db' })
    breaker.open()
    console.log(await breaker.execute(() => 1).catch((error) => error))
    retry({ maxAttempts: 0 })
  `
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: dir.path, encoding: 'utf8' })
  expect(run.stdout).toMatch(/^\[ResilienceError: circuitBreaker "db" is open/)
  expect(run.stderr).toMatch(/^RangeError: retry: maxAttempts must be a whole number of at least 1, got 0$/m)
  expect(run.stderr).toContain('at new RetryStrategy')
  // Node shows the line of the source above, and 10 frames.
  expect(run.stderr.length).toBeLessThan(3000)
})

it('resil/patterns loads its own files and builtins of Node, and no package', () => {
  const home = join(dir.path, 'node_modules/resil')
  const seen = new Set<string>()
  const outside = new Set<string>()
  let bytes = 0
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    bytes += text.length
    for (const [, bare, from] of text.matchAll(
      /(?:^|;)import(?:"([^"]+)"|[^"'()]*?from ?"([^"]+)")|(?:^|;)export[^"'()]*?from ?"([^"]+)"/gm,
    )) {
      const target = bare ?? from ?? ''
      if (target.startsWith('.')) visit(join(file, '..', target))
      else outside.add(target)
    }
  }
  visit(join(home, 'dist/patterns.js'))
  expect([...outside].filter((name) => !/^(node:|module$)/.test(name))).toEqual([])
  expect(seen.size).toBeGreaterThan(1)
  // A third of it are names that can be read.
  expect(bytes).toBeLessThan(125_000)
  const loaded = execFileSync(
    process.execPath,
    ['--input-type=module', '-e', "import 'resil/patterns'; console.log(process.getActiveResourcesInfo().length)"],
    { cwd: dir.path, encoding: 'utf8' },
  )
  expect(Number(loaded)).toBeLessThanOrEqual(1)
})
