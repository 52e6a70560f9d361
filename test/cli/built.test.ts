// The built command line as processes: what only real signals, pipes and folders can show.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, cliEnv, NODE, runCli, startCli, tempDir } from '../support/cli.ts'
import { fixture, freePort } from '../support/service.ts'

const BIN = fileURLToPath(new URL('../../bin/resil.js', import.meta.url))

afterEach(() => assertNoProcessLeft())

async function place() {
  const cwd = tempDir()
  const run = tempDir()
  const env = { RESIL_RUNTIME_DIR: run, PORT: String(await freePort()) }
  return { cwd, run, env, resil: (...args: string[]) => runCli(args, { cwd, env }) }
}

describe('resil start -d', () => {
  it('prints where everything is, and logs beside the socket, for the owner alone', async () => {
    const { run, resil } = await place()
    const { code, stdout, stderr } = await resil('start', fixture('server.cjs'), '-w', '1', '--name', 'web', '-d')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    // A busy machine may leave an incident there as well: a supervisor that was starved says so.
    const named = (ending: string) => readdirSync(run).filter((name) => name.endsWith(ending))
    const [log = '', socket = ''] = [...named('.log'), ...named('.sock')]
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^web runs in the background \(pid \d+\)$/),
      expect.stringMatching(/^ {2}web: 1 of 1 ready on port \d+$/),
      `  socket ${join(run, socket)}`,
      `  log    ${join(run, log)}, or \`resil logs web -f\``,
      '  stop   `resil stop web`',
      '',
    ])
    expect(statSync(join(run, socket)).mode & 0o777).toBe(0o600)
    expect(statSync(join(run, log)).mode & 0o007).toBe(0)
    expect(readFileSync(join(run, log), 'utf8')).toContain('web is running: 1 of 1 worker ready')
    expect(await resil('stop')).toMatchObject({ code: 0, stdout: 'web has stopped\n' })
    expect({ logs: named('.log'), rest: [...named('.sock'), ...named('.workers')] }).toEqual({ logs: [log], rest: [] })
  })

  it('hands on its options and the arguments of the app', async () => {
    const { resil, env } = await place()
    const { code } = await resil(
      'start',
      fixture('report.cjs'),
      '-dw',
      '1',
      '--node-args=--no-warnings',
      '--',
      '-d',
      '--',
      'x',
    )
    expect(code).toBe(0)
    const seen = await (await fetch(`http://127.0.0.1:${env.PORT}`, { headers: { connection: 'close' } })).json()
    expect(seen).toMatchObject({ args: ['-d', '--', 'x'], execArgv: ['--no-warnings'] })
    await resil('stop')
  })

  it.each<[string, string[], number, RegExp]>([
    ['a missing entry', ['missing.js'], 64, /^resil: .*missing\.js.*\n$/],
    ['a wrong number of workers', [fixture('server.cjs'), '-w', 'banana'], 64, /^resil: -w: .*"banana".*\n$/],
    ['an unknown option', [fixture('server.cjs'), '--wrokers', '4'], 64, /^resil: unknown option .*--workers.*\n$/],
    ['a config that is not there', ['-c', 'none.json'], 78, /^resil: .*none\.json.*\n$/],
    ['an option of the future', [fixture('server.cjs'), '--watch'], 64, /^resil: --watch: not available yet.*\n$/],
  ])('tells %s in one line, as in the foreground', async (_, args, exitCode, message) => {
    const { resil } = await place()
    const background = await resil('start', '-d', ...args)
    expect(background).toMatchObject({ code: exitCode, stdout: '', stderr: expect.stringMatching(message) })
    expect(await resil('start', ...args)).toEqual(background)
  })

  it('refuses a second one of the same name and folder, whatever its entry', async () => {
    const { cwd, env, resil } = await place()
    await resil('start', fixture('server.cjs'), '--name', 'web', '-w', '1', '-d')
    for (const entry of ['server.cjs', 'server.mjs']) {
      const second = await resil('start', fixture(entry), '--name', 'web', '-w', '1', '-d')
      expect(second.code).toBe(64)
      expect(second.stderr).toMatch(
        /^resil: web is already running \(pid \d+\): use `resil reload web`, `resil stop web`, or start with another --name\n$/,
      )
    }
    // Another folder or another name is another supervisor.
    const elsewhere = { cwd, env: { ...env, PORT: String(await freePort()) } }
    const other = await runCli(['start', fixture('server.cjs'), '--name', 'other', '-w', '1', '-d'], elsewhere)
    expect(other.code).toBe(0)
    expect((await resil('status')).code).toBe(64)
    expect((await resil('status')).stderr).toContain('resil: this folder has 2 supervisors: name the app')
    expect((await resil('stop', 'other')).code).toBe(0)
    expect((await resil('stop')).code).toBe(0)
  })

  it('is left by Ctrl-C while the app boots, and goes on', async () => {
    const { cwd, env, resil } = await place()
    const file = join(cwd, 'go')
    const started = startCli(['start', fixture('waits-for-file.cjs'), '--name', 'web', '-w', '1', '-d'], {
      cwd,
      env: { ...env, WAIT_FOR: file },
      group: true,
    })
    while (!(await resil('status')).stdout.includes('booting'));
    started.signalGroup('SIGINT')
    expect(await started.exit).toEqual({ code: 130, signal: null })
    expect(started.stderr).toEqual([
      expect.stringMatching(/^resil: web goes on in the background \(pid \d+\): `resil stop web` ends it$/),
    ])
    writeFileSync(file, '')
    while (!(await resil('status')).stdout.includes('running, 1 of 1 ready'));
    expect((await resil('stop')).code).toBe(0)
  })

  it('tells that the socket which was asked for can not be made', async () => {
    const { cwd } = await place()
    const file = join(tempDir({ file: '' }), 'file')
    const env = { RESIL_SOCKET: join(file, 'x.sock') }
    const { code, stderr } = await runCli(['start', fixture('quiet.cjs'), '-w', '1', '-d'], { cwd, env })
    expect(code).toBe(77)
    expect(stderr).toMatch(/^resil: can't make the control socket .*file\/x\.sock/)
  })
})

describe('pipes', () => {
  it('that are closed by their reader end a command quietly', async () => {
    const { cwd, env, resil } = await place()
    await resil('start', fixture('server.cjs'), '--name', 'web', '-w', '1', '-d')
    const child = spawn(NODE, [BIN, 'logs', '-f'], { cwd, env: cliEnv(env), stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    // As `| head -1` does.
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.stdout.destroy()
    // It learns of it when it has more to say.
    await resil('scale', '+1')
    expect({ code: await closed, stderr }).toEqual({ code: 0, stderr: '' })
    await resil('stop')
  })
})

it('a folder that was removed below a shell is told in one line', async () => {
  const cwd = tempDir()
  const script = `rmdir "$PWD" && exec "${NODE}" "${BIN}" status`
  const child = spawn('sh', ['-c', script], { cwd, env: cliEnv(), stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const expected = 'resil: the current folder does not exist any more: change to another\n'
  expect({ code, stderr }).toEqual({ code: 64, stderr: expected })
})

describe('a supervisor without the usual comforts', () => {
  it('starts without HOME, and finds a place for its socket', async () => {
    const { cwd, env, run } = await place()
    const session = join(run, 'session')
    mkdirSync(session, { mode: 0o700 })
    const bare = { ...env, RESIL_RUNTIME_DIR: undefined, XDG_RUNTIME_DIR: session, HOME: undefined }
    const started = startCli(['start', fixture('server.cjs'), '--name', 'web', '-w', '1'], { cwd, env: bare })
    await started.waitForLine('web is running')
    expect(existsSync(join(session, 'resil'))).toBe(true)
    const status = await runCli(['status', 'web'], { cwd, env: bare })
    expect(status.stdout).toMatch(/^web \(pid/)
    expect(await started.stop()).toEqual({ code: 0, signal: null })
  })

  it('is reached by --socket where nothing else would find it', async () => {
    const { cwd, env, resil } = await place()
    const socket = join(tempDir(), 'my.sock')
    const args = ['start', fixture('server.cjs'), '--name', 'web', '-w', '1', '--socket', socket]
    const started = startCli(args, { cwd, env })
    await started.waitForLine('web is running')
    expect((await resil('status')).code).toBe(69)
    expect((await resil('status', '--socket', socket)).stdout).toMatch(/^web \(pid/)
    const viaEnv = await runCli(['stop'], { cwd, env: { ...env, RESIL_SOCKET: socket } })
    expect(viaEnv.stdout).toBe('web has stopped\n')
    expect(await started.exit).toEqual({ code: 0, signal: null })
  })

  it('leaves a socket behind when it is killed, and the next start clears it away', async () => {
    const { cwd, env, run, resil } = await place()
    const args = ['start', fixture('server.cjs'), '--name', 'web', '-w', '1']
    const killed = startCli(args, { cwd, env })
    await killed.waitForLine('web is running')
    await killed.stop('SIGKILL')
    await assertNoProcessLeft()
    expect(readdirSync(run).filter((name) => name.endsWith('.sock'))).toHaveLength(1)
    expect(await resil('status')).toMatchObject({
      code: 69,
      stderr: 'resil: no supervisor is running here; start one with `resil start app.js`\n',
    })
    const next = startCli(args, { cwd, env })
    await next.waitForLine('web is running')
    expect((await resil('stop')).code).toBe(0)
    expect(await next.exit).toEqual({ code: 0, signal: null })
  })
})
