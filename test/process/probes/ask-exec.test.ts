import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { askExec } from '../../../src/process/probes/ask-exec.ts'
import { parseProcStat } from '../../../src/process/proc-stat.ts'
import type { WorkerHandle } from '../../../src/process/worker-handle.ts'
import { fakeClock } from '../../support/fake-clock.ts'

const worker = { app: 'web', slot: 2, process: { pid: 4711 } } as unknown as WorkerHandle

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'resil-exec-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** What has not come by then hangs. */
const timeout = 50_000

function ask(script: string, clock: Clock = systemClock, signal = new AbortController().signal) {
  return askExec(worker, ['sh', '-c', script], { cwd: dir, timeoutMs: timeout, clock, signal })
}

/** Of a process that the script leaves in the background. */
const leaveBehind = 'sleep 300 & echo $! > left; '

async function leftBehind(): Promise<number> {
  const file = join(dir, 'left')
  await vi.waitUntil(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { timeout })
  return Number(readFileSync(file, 'utf8'))
}

/** Where nobody reaps orphans one that was killed stays as a zombie. */
function runs(pid: number): boolean {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).state !== 'Z'
  } catch {
    return false
  }
}

describe('an exec probe', () => {
  it.each([
    ['exit 0', true, 'sh: exit code 0'],
    ['echo "no luck" >&2; echo more >&2; exit 3', false, 'sh: exit code 3, no luck'],
    ['kill -TERM $$', false, 'sh: killed by SIGTERM'],
    ['[ $RESIL_APP$RESIL_SLOT$RESIL_WORKER_PID = web24711 ]', true, 'sh: exit code 0'],
  ])('%s', async (script, ok, detail) => {
    // No time passes: its end is seen, not waited for.
    expect(await ask(script, fakeClock())).toEqual({ ok, detail })
  })

  it('that can not be started fails', async () => {
    const options = { cwd: dir, timeoutMs: timeout, clock: systemClock, signal: new AbortController().signal }
    expect(await askExec(worker, ['/no/such/file'], options)).toEqual({ ok: false, detail: '/no/such/file: ENOENT' })
  })

  it('passes by its own exit code, though what it left behind holds its output, and ends that', async () => {
    expect(await ask(`${leaveBehind} exit 0`)).toMatchObject({ ok: true })
    const pid = await leftBehind()
    await vi.waitUntil(() => !runs(pid), { timeout })
  })

  it('that takes too long fails, and is killed with all that it started', async () => {
    const clock = fakeClock()
    const answer = ask(`${leaveBehind} wait`, clock)
    const pid = await leftBehind()
    clock.advance(timeout)
    expect(await answer).toEqual({ ok: false, detail: 'sh: no answer in time' })
    await vi.waitUntil(() => !runs(pid), { timeout })
  })

  it('ends with its worker: a stop does not wait for it, and it outlives nobody', async () => {
    const gone = new AbortController()
    const answer = ask(`${leaveBehind} wait`, systemClock, gone.signal)
    const pid = await leftBehind()
    gone.abort()
    expect(await answer).toMatchObject({ ok: false })
    await vi.waitUntil(() => !runs(pid), { timeout })
  })
})
