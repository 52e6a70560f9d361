// The other commands, against a real supervisor: background start, reload, restart, scale, stop, logs.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { assertNoProcessLeft, runCli, tempDir } from '../support/cli.ts'
import { fixture, freePort, get, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

it('starts in the background, is found by its folder, and stops', async () => {
  const env = { RESIL_RUNTIME_DIR: tempDir(), PORT: String(await freePort()) }
  const cwd = tempDir()
  const started = await runCli(['start', fixture('server.cjs'), '-w', '2', '-d'], { cwd, env })
  expect(started.code).toBe(0)
  expect(JSON.parse(await get(Number(env.PORT))).pid).toBeGreaterThan(0)
  const status = await runCli(['status', '--json'], { cwd, env })
  expect(JSON.parse(status.stdout).apps[0]).toMatchObject({ ready: 2, instances: 2, state: 'running' })
  const stopped = await runCli(['stop'], { cwd, env })
  expect(stopped.code).toBe(0)
  await assertNoProcessLeft()
})

it('fails a background start with the error of the app itself', async () => {
  const started = await runCli(['start', fixture('throws-at-boot.cjs'), '-w', '2', '-d'], {
    env: { RESIL_RUNTIME_DIR: tempDir() },
  })
  expect(started.code).toBe(1)
  // Beside it only the line that names the incident quotes it.
  expect(`${started.stdout}${started.stderr}`.match(/(?<!\()Error: no database configured/g)).toHaveLength(1)
})

it('reloads without losing a request, and the new workers see the new environment of the config', async () => {
  const cwd = tempDir()
  const port = await freePort()
  const write = (greeting: string) =>
    writeFileSync(
      join(cwd, 'resilience.config.json'),
      JSON.stringify({
        name: 'web',
        script: fixture('report.cjs'),
        instances: 2,
        env: { GREETING: greeting, ...(greeting === 'old' ? { GONE: '1' } : {}) },
      }),
    )
  write('old')
  const service = await startService(null, { cwd, port })
  await service.event('app.running')
  let asking = true
  const answers: string[] = []
  const clients = Array.from({ length: 4 }, async () => {
    while (asking) answers.push(JSON.parse(await service.get()).env.GREETING)
  })
  write('new')
  const reload = await service.resil(['reload', '--json'])
  expect(reload.code).toBe(0)
  expect(JSON.parse(reload.stdout).verdicts[0]).toMatchObject({ app: 'web', outcome: 'finished', generation: 2 })
  asking = false
  await Promise.all(clients)
  expect(new Set(answers)).toEqual(new Set(['old', 'new']))
  const seen = JSON.parse(await service.get())
  expect(seen.env.GREETING).toBe('new')
  expect(seen.env.GONE).toBeUndefined()
  await service.stop()
})

it('turns a reload of a broken release back: exit 75, the old release serves on', async () => {
  const cwd = tempDir({ 'app.cjs': readFileSync(fixture('server.cjs'), 'utf8') })
  const service = await startService('app.cjs', { cwd, args: ['-w', '2'] })
  await service.event('app.running')
  writeFileSync(join(cwd, 'app.cjs'), 'throw new Error("broken release")')
  const reload = await service.resil(['reload'])
  expect(reload.code).toBe(75)
  expect(`${reload.stdout}${reload.stderr}`).toMatch(/rolled back/i)
  expect(JSON.parse(await service.get()).pid).toBeGreaterThan(0)
  expect((await service.status()).apps[0]).toMatchObject({ ready: 2, generation: 1, state: 'running' })
  await service.stop()
})

it('restarts one slot, old before new, and leaves the other alone', async () => {
  const service = await startService(fixture('server.cjs'), { args: ['-w', '2', '--name', 'web'] })
  await service.event('app.running')
  const before = (await service.status()).apps[0]?.workers.map(({ pid }) => pid) ?? []
  const restart = await service.resil(['restart', 'web:1'])
  expect(restart.code).toBe(0)
  const after = (await service.status()).apps[0]?.workers.map(({ pid }) => pid) ?? []
  expect(after[0]).toBe(before[0])
  expect(after[1]).not.toBe(before[1])
  await service.stop()
})

it('scales up and down', async () => {
  const service = await startService(fixture('server.cjs'), { args: ['-w', '1', '--name', 'web'] })
  await service.event('app.running')
  expect((await service.resil(['scale', 'web=3'])).code).toBe(0)
  await service.event('app.running', ({ ready }) => ready === 3)
  expect((await service.resil(['scale', 'web=-2'])).code).toBe(0)
  await service.event('worker.exited', ({ worker: { slot } }) => slot === 1)
  expect((await service.status()).apps[0]).toMatchObject({ instances: 1, ready: 1 })
  expect((await service.resil(['scale', 'web=0'])).code).toBe(64)
  await service.stop()
})

it('keeps the last words of a crash, 1 MB lines, and JSON lines of the app valid', async () => {
  const talker = await startService(fixture('talks.cjs'), { args: ['-w', '1', '--name', 'talker'] })
  await talker.event('app.running')
  // It comes in pieces, so it is complete after the line that says that the app runs.
  await talker.waitForLine('x'.repeat(1_000))
  const lines = talker.lines.map((line) => JSON.parse(line))
  expect(lines.find(({ msg }) => msg === 'plain words')).toMatchObject({ app: 'talker', slot: 0, stream: 'stdout' })
  expect(lines.find(({ msg }) => msg === 'structured words')).toMatchObject({ level: 'warn', user: 7, app: 'talker' })
  expect(lines.some(({ msg }) => msg?.length === 1_000_000)).toBe(true)
  await talker.stop()

  const service = await startService(fixture('last-words.cjs'), { args: ['-w', '1'] })
  await service.event('app.running')
  await service.get().catch(() => {})
  await service.event('worker.exited')
  const words = service.lines.map((line) => JSON.parse(line).msg)
  expect(words.filter((word) => /^word \d+$/.test(word))).toHaveLength(100)
  expect(words).toContain('my last words')
  await service.stop()
})

it('serves logs of the past, of one app, that match', async () => {
  const service = await startService(fixture('talks.cjs'), { args: ['-w', '1', '--name', 'talker'] })
  // What it says goes another way than that it listens.
  await service.waitForLine('structured words')
  const logs = await service.resil(['logs', 'talker', '--grep', 'plain'])
  expect(logs.code).toBe(0)
  expect(logs.stdout).toMatch(/plain words/)
  expect(logs.stdout).not.toMatch(/structured/)
  await service.stop()
})

it('works without HOME and with nothing in its environment but PATH', async () => {
  const cwd = tempDir({ 'app.cjs': readFileSync(fixture('server.cjs'), 'utf8') })
  const port = await freePort()
  const service = await startService('app.cjs', {
    cwd,
    port,
    env: { HOME: undefined as never, XDG_RUNTIME_DIR: undefined as never },
  })
  await service.event('app.running')
  expect(JSON.parse(await service.get()).pid).toBeGreaterThan(0)
  await service.stop()
})
