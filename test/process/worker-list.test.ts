import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ResilEvent } from '../../src/events/events.ts'
import { startTimeOf } from '../../src/process/start-time.ts'
import { sweepOrphans } from '../../src/process/sweep-orphans.ts'
import { openWorkerList, readWorkerList } from '../../src/process/worker-list.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../support/processes.ts'
import { tempDir } from '../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

const fail = (error: Error): never => {
  throw error
}

async function blocked() {
  const child = spawn(process.execPath, ['-e', "process.stdout.write('x'); for(;;);"], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { [MARK_VARIABLE]: mark },
  })
  await once(child.stdout, 'data')
  return { child, pid: child.pid as number, began: startTimeOf(child.pid as number) as string }
}

async function end({ child }: Awaited<ReturnType<typeof blocked>>): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

describe('the list of workers', () => {
  it('is read back as those that live on', async () => {
    const path = join(tempDir(), 'list')
    const [first, second, third] = await Promise.all([blocked(), blocked(), blocked()])
    const list = openWorkerList(path, [], fail)
    for (const { pid } of [first, second, third]) list.add(pid)
    list.remove(second.pid)
    await end(third)
    expect(readWorkerList(path)).toEqual([{ pid: first.pid, began: first.began }])
    await Promise.all([end(first), end(second)])
    expect(readWorkerList(path)).toEqual([])
  })

  it('is gone when the supervisor ends in order', async () => {
    const path = join(tempDir(), 'list')
    const worker = await blocked()
    const list = openWorkerList(path, [], fail)
    list.add(worker.pid)
    list.remove(worker.pid)
    list.close()
    expect(existsSync(path)).toBe(false)
    await end(worker)
  })

  it('keeps orphans that were not ended yet', async () => {
    const path = join(tempDir(), 'list')
    const orphan = await blocked()
    openWorkerList(path, [orphan], fail).close()
    expect(readWorkerList(path)).toEqual([{ pid: orphan.pid, began: orphan.began }])
    await end(orphan)
  })

  it('of another boot, or of other pids, names nobody', async () => {
    const path = join(tempDir(), 'list')
    const worker = await blocked()
    openWorkerList(path, [], fail).add(worker.pid)
    const [head = '', ...rest] = readFileSync(path, 'utf8').split('\n')
    for (const other of [head.replace(/^\S+/, 'another-boot'), head.replace(/\S+$/, 'pid:[1]'), '', 'garbage']) {
      writeFileSync(path, [other, ...rest].join('\n'))
      expect(readWorkerList(path)).toEqual([])
    }
    writeFileSync(path, [head, 'add x y', 'nonsense', '', 'add', `add ${worker.pid}`].join('\n'))
    expect(readWorkerList(path)).toEqual([])
    await end(worker)
  })

  it('does not grow without bound in a crash loop', async () => {
    const path = join(tempDir(), 'list')
    const worker = await blocked()
    const list = openWorkerList(path, [], fail)
    for (let crash = 0; crash < 5_000; crash += 1) {
      list.add(worker.pid)
      list.remove(worker.pid)
    }
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(2_100)
    await end(worker)
  })

  it('that can not be written costs one word, and nothing else', async () => {
    const faults: unknown[] = []
    const list = openWorkerList('/proc/none/list', [], (error) => faults.push(error.code))
    list.add(process.pid)
    list.remove(process.pid)
    list.close()
    expect(faults).toEqual(['ENOENT'])
  })
})

describe('the sweep at the next start', () => {
  it('ends who lives longer than healthy workers do, and tells it', async () => {
    const path = join(tempDir(), 'list')
    const [orphan, gone] = await Promise.all([blocked(), blocked()])
    await end(gone)
    const clock = fakeClock()
    const events: ResilEvent[] = []
    const list = openWorkerList(path, [orphan, gone], fail)
    sweepOrphans([orphan, gone], list, clock, (event) => events.push(event))
    clock.advance(5_999)
    expect(events).toEqual([])
    clock.advance(1)
    expect(events).toEqual([{ type: 'orphans.ended', pids: [orphan.pid] }])
    await end(orphan)
    list.close()
    expect(readWorkerList(path)).toEqual([])
  })

  it('touches nobody who has the pid by now', async () => {
    const worker = await blocked()
    const clock = fakeClock()
    const events: ResilEvent[] = []
    const someoneElse = { pid: worker.pid, began: '1' }
    const list = openWorkerList(join(tempDir(), 'list'), [someoneElse], fail)
    sweepOrphans([someoneElse], list, clock, (event) => events.push(event))
    clock.advance(6_000)
    expect(events).toEqual([])
    expect(worker.child.exitCode).toBeNull()
    expect(worker.child.signalCode).toBeNull()
    await end(worker)
  })
})
