// A supervisor is played by a small process of its own, so that it can be killed.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { isAlive, startTimeOf } from '../../src/process/start-time.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../support/processes.ts'

const dir = mkdtempSync(join(tmpdir(), 'resil-guard-'))
const bundled = join(dir, 'guard.mjs')

beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../src/process/orphan-guard.ts', import.meta.url))
  await build({ entryPoints: [entry], outfile: bundled, bundle: true, platform: 'node', format: 'esm' })
})
afterAll(() => rmSync(dir, { recursive: true }))

const PRIMARY = `
import { spawn } from 'node:child_process'
const { createOrphanGuard } = await import(process.argv[1])
const guard = createOrphanGuard(() => {})
const blocked = () => spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore', detached: true })
const waiting = \`
  const { spawn, spawnSync } = require('node:child_process')
  console.log(spawn('sleep', ['1000'], { stdio: 'ignore', detached: true }).pid)
  spawnSync('sh', ['-c', 'sleep 1000 & echo $! $$; wait'], { stdio: 'inherit' })\`
const kept = spawn(process.execPath, ['-e', waiting], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
const removed = blocked()
let said = ''
for await (const text of kept.stdout) if ((said += text).trim().split(/\\s+/).length === 3) break
const [letGo, ...heldOn] = said.trim().split(/\\s+/).map(Number)
for (const { pid } of [kept, removed]) guard.add(pid)
guard.remove(removed.pid)
process.stdout.write(JSON.stringify({ kept: kept.pid, removed: removed.pid, letGo, heldOn }) + '\\n')
process.stdin.on('data', () => { guard.close(); process.exit(0) })
`

/** Of one that runs now, to be asked later. */
function livesOn(pid: number): () => boolean {
  const began = startTimeOf(pid)
  return () => began !== null && isAlive({ pid, began })
}

/** Of the worker `kept`: what it waits for in spawnSync (`heldOn`: a shell and its own sleep), and what it detached before. */
interface Played {
  readonly primary: ChildProcess
  readonly kept: number
  readonly removed: number
  readonly letGo: number
  readonly heldOn: readonly number[]
}

async function startPrimary(): Promise<Played> {
  const args = ['--input-type=module', '-e', PRIMARY, bundled]
  const primary = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, [MARK_VARIABLE]: mark },
  })
  const [line] = (await once(primary.stdout as NonNullable<typeof primary.stdout>, 'data')) as [Buffer]
  return { primary, ...JSON.parse(String(line)) }
}

afterEach(() => assertNoProcessLeft())

it('kills a blocked worker after the supervisor was killed, with what that waits for, and nobody who was taken off its list', async () => {
  const { primary, kept, removed, letGo, heldOn } = await startPrimary()
  const doomed = [kept, ...heldOn].map(livesOn)
  const spared = [removed, letGo].map(livesOn)
  primary.kill('SIGKILL')
  await once(primary, 'exit')
  // Nobody's children here, they can't be waited for.
  for (const lives of doomed) await expect.poll(lives).toBe(false)
  expect(spared.map((lives) => lives())).toEqual([true, true])
  for (const pid of [removed, letGo]) process.kill(pid, 'SIGKILL')
})

it('leaves in peace when the supervisor ends in order', async () => {
  const { primary, kept, removed, letGo, heldOn } = await startPrimary()
  const all = [kept, removed, letGo, ...heldOn]
  const alive = all.map(livesOn)
  primary.stdin?.write('close\n')
  expect(await once(primary, 'exit')).toEqual([0, null])
  expect(alive.map((lives) => lives())).toEqual(all.map(() => true))
  for (const pid of all) process.kill(pid, 'SIGKILL')
})
