// What a person gets for a mistake: one line that names what is wrong and the fix, the right exit code, and never a stack trace.

import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, runCli, tempDir } from '../support/cli.ts'
import { fixture, freePort, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

const STACK = /^\s+at .+\(?.*:\d+:\d+\)?$/m

interface Mistake {
  readonly what: string
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly code: 64 | 78
  readonly says: RegExp
}

const config = (value: unknown): Record<string, string> => ({
  'app.js': '',
  'resilience.config.json': typeof value === 'string' ? value : JSON.stringify(value),
})

const mistakes: readonly Mistake[] = [
  { what: 'a missing entry', args: ['start', 'nope.js'], code: 64, says: /nope\.js/ },
  {
    what: 'an entry that is nearly there',
    args: ['start', 'ap.js'],
    files: { 'app.js': '' },
    code: 64,
    says: /app\.js/,
  },
  { what: 'a folder without a main', args: ['start', 'empty'], files: { 'empty/readme': '' }, code: 64, says: /empty/ },
  { what: '-w 0', args: ['start', 'app.js', '-w', '0'], files: { 'app.js': '' }, code: 64, says: /0/ },
  { what: '-w banana', args: ['start', 'app.js', '-w', 'banana'], files: { 'app.js': '' }, code: 64, says: /banana/ },
  { what: 'an unknown command', args: ['strat', 'app.js'], code: 64, says: /start/ },
  {
    what: 'an unknown option',
    args: ['start', 'app.js', '--instnaces', '2'],
    files: { 'app.js': '' },
    code: 64,
    says: /instnaces/,
  },
  { what: 'no entry and no config', args: ['start'], code: 64, says: /resil init|app\.js|config/ },
  {
    what: 'a config that is no JSON',
    args: ['start'],
    files: config('{ "script": "app.js", }'),
    code: 78,
    says: /resilience\.config\.json:1/,
  },
  {
    what: 'an unknown key',
    args: ['start'],
    files: config({ script: 'app.js', instnces: 2 }),
    code: 78,
    says: /instnces.*instances/,
  },
  {
    what: 'a wrong unit',
    args: ['start'],
    files: config({ script: 'app.js', restart: { window: { within: '30x' } } }),
    code: 78,
    says: /resilience\.config\.json.*restart\.window\.within.*30x/,
  },
  {
    what: 'a feature of a later version',
    args: ['start'],
    files: config({ script: 'app.js', watch: true }),
    code: 78,
    says: /watch.*not available yet/,
  },
  {
    what: 'a cycle of dependencies',
    args: ['start'],
    files: config({
      apps: [
        { name: 'a', script: 'app.js', dependsOn: ['b'] },
        { name: 'b', script: 'app.js', dependsOn: ['a'] },
      ],
    }),
    code: 78,
    says: /a → b → a|a -> b -> a|b → a → b/,
  },
]

describe('one line, the right code, no stack', () => {
  it.each(mistakes)('$what', async ({ args, files, code, says }) => {
    const result = await runCli(args, { cwd: tempDir(files) })
    expect(result.stderr).toMatch(says)
    expect(result.stderr).not.toMatch(STACK)
    expect(result.code).toBe(code)
    expect(result.stdout).toBe('')
  })

  it('an entry that may not be read', async () => {
    const cwd = tempDir({ 'app.js': '' })
    mkdirSync(join(cwd, 'loop'))
    symlinkSync('b.js', join(cwd, 'a.js'))
    symlinkSync('a.js', join(cwd, 'b.js'))
    chmodSync(join(cwd, 'app.js'), 0o000)
    const result = await runCli(['start', 'a.js'], { cwd })
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/a\.js/)
  })

  it.each(['status', 'reload', 'stop', 'scale web=2', 'logs'])(
    '%s without a supervisor: exit 69 and what to do',
    async (line) => {
      const result = await runCli(line.split(' '), { env: { RESIL_RUNTIME_DIR: tempDir() } })
      expect(result.code).toBe(69)
      expect(result.stderr).toMatch(/resil start/)
      expect(result.stderr).not.toMatch(STACK)
    },
  )
})

it('status --json is one valid document also where nothing runs', async () => {
  const result = await runCli(['status', '--json'], { env: { RESIL_RUNTIME_DIR: tempDir() } })
  expect(result.code).toBe(69)
  expect(JSON.parse(result.stdout)).toMatchObject({ apps: [] })
})

it('a second start of the same name is told who runs already, and harms nothing', async () => {
  const service = await startService(fixture('server.cjs'), { args: ['-w', '1'] })
  await service.event('app.running')
  const second = await service.resil(['start', fixture('server.cjs'), '-w', '1'])
  expect(second.code).toBe(64)
  expect(second.stderr).toMatch(new RegExp(`pid ${service.pid}`))
  expect(second.stderr).not.toMatch(STACK)
  expect(JSON.parse(await service.get()).pid).toBeGreaterThan(0)
  await service.stop()
})

it('a port in use in every worker: says which port, by whom, and shows the error of the app once', async () => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  await new Promise((resolve) => holder.once('listening', resolve))
  const result = await runCli(['start', fixture('server.cjs'), '-w', '3'], {
    env: { PORT: String(port), RESIL_RUNTIME_DIR: tempDir() },
  })
  holder.close()
  const said = `${result.stdout}${result.stderr}`
  expect(result.code).toBe(1)
  expect(said).toMatch(new RegExp(`port ${port}.*in use.*pid ${process.pid}`))
  expect(said.match(/Error: (listen|bind) EADDRINUSE/g)).toHaveLength(1)
})

it('garbage, half lines and floods on the control socket harm nothing', async () => {
  const service = await startService(fixture('server.cjs'), { args: ['-w', '1'] })
  await service.event('app.running')
  const { supervisor } = await service.status()
  const attack = (bytes: string) =>
    new Promise<void>((resolve) => {
      const socket = connect(supervisor.socket ?? '', () => socket.end(bytes))
      socket.on('error', () => {}).on('close', () => resolve())
      socket.resume()
    })
  await Promise.all(
    ['\u0000\u0001\n', '{"id":1', '[]\n', '"x"\n', 'x'.repeat(300_000), '{"id":1,"op":"stopp","params":{}}\n'].map(
      attack,
    ),
  )
  expect((await service.status()).apps[0]?.state).toBe('running')
  expect(await service.stop()).toEqual({ code: 0, signal: null })
})
