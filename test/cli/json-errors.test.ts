// Who asks with --json parses what stands on stdout, also where there is nobody to ask.

import { expect, it } from 'vitest'
import { runInProcess } from '../support/cli-context.ts'
import { tempDir } from '../support/temp-dir.ts'

const COMMANDS = [
  'status',
  'logs',
  'logs -f',
  'diagnose web:0',
  'reload',
  'reload --dry-run',
  'restart',
  'incidents',
  'why',
]

it.each(COMMANDS)('resil %s --json tells on stdout, too, that no supervisor answers', async (typed) => {
  const env = { RESIL_SOCKET: '/nowhere/x.sock', RESIL_STATE_DIR: tempDir() }
  const { code, stdout, stderr } = await runInProcess([...typed.split(' '), '--json'], { env })
  expect(code).toBe(69)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  const { error } = JSON.parse(stdout)
  expect(error).toMatchObject({ code: 'RESIL_NO_SUPERVISOR', exitCode: 69, details: expect.any(Array) })
  expect(stderr).toContain(error.message)
})

it.each([
  ['reload --nope --json', "unknown option '--nope'; see `resil reload --help`"],
  ['diagnose --json', "missing required argument 'app:slot'; see `resil diagnose --help`"],
  ['logs --since yesterday --json', expect.stringContaining('"yesterday" is not a duration')],
  ['stop --json', "unknown option '--json'; see `resil stop --help`"],
])('so it is with a mistake: resil %s', async (typed, message) => {
  const { code, stdout } = await runInProcess(typed.split(' '), { env: { RESIL_SOCKET: '/nowhere/x.sock' } })
  expect(code).toBe(64)
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'RESIL_USAGE', message, details: [], exitCode: 64 } })
})

it('help is no failure, and what the app gets is no wish of resil', async () => {
  expect((await runInProcess(['reload', '--json', '--help'], {})).stdout).not.toContain('"error"')
  const { stdout } = await runInProcess(['start', 'nowhere.js', '--', '--json'], {})
  expect(stdout).toBe('')
})
