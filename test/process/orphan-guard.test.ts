// A supervisor is played by a small process of its own, so that it can be killed.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTimeOf } from '../../src/process/start-time.ts'

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
const kept = blocked(), removed = blocked()
for (const { pid } of [kept, removed]) guard.add(pid)
guard.remove(removed.pid)
process.stdout.write(JSON.stringify({ kept: kept.pid, removed: removed.pid }) + '\\n')
process.stdin.on('data', () => { guard.close(); process.exit(0) })
`

async function startPrimary(): Promise<{ primary: ChildProcess; kept: number; removed: number }> {
  const args = ['--input-type=module', '-e', PRIMARY, bundled]
  const primary = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(primary.stdout as NonNullable<typeof primary.stdout>, 'data')) as [Buffer]
  return { primary, ...JSON.parse(String(line)) }
}

/** Resolves when the process has gone; looks rather than waits, since it is nobody's child here. */
async function gone(pid: number, deadlineMs: number): Promise<boolean> {
  const until = performance.now() + deadlineMs
  while (startTimeOf(pid) !== null && !isZombie(pid) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return startTimeOf(pid) === null || isZombie(pid)
}

function isZombie(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

it('kills a blocked worker within six seconds of the supervisor, and nobody who was taken off its list', async () => {
  const { primary, kept, removed } = await startPrimary()
  primary.kill('SIGKILL')
  await once(primary, 'exit')
  expect(startTimeOf(kept)).not.toBeNull()
  expect(await gone(kept, 8_000)).toBe(true)
  expect(startTimeOf(removed)).not.toBeNull()
  process.kill(removed, 'SIGKILL')
})

it('leaves in peace when the supervisor ends in order', async () => {
  const { primary, kept, removed } = await startPrimary()
  primary.stdin?.write('close\n')
  expect(await once(primary, 'exit')).toEqual([0, null])
  expect(startTimeOf(kept)).not.toBeNull()
  for (const pid of [kept, removed]) process.kill(pid, 'SIGKILL')
})
