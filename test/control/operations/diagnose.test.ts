import { describe, expect, it } from 'vitest'
import { perform } from '../../../src/control/operations.ts'
import type { Evidence } from '../../../src/events/evidence.ts'
import type { DiagnoseRequest } from '../../../src/protocol/control.ts'
import { appStatus, fakePort, workerStatus } from '../../support/fake-port.ts'

const evidence: Evidence = { kind: 'stack', frames: [], tookMs: 40 }

function ask(params: unknown, workers = [workerStatus(), workerStatus({ slot: 1 })]) {
  const asked: unknown[] = []
  const items: unknown[] = []
  const port = fakePort({
    apps: [appStatus({ workers })],
    diagnose: async (slot, request, { timeBoxMs }) => {
      asked.push({ slot, request, timeBoxMs })
      return slot.slot === 0 ? { pid: 4121, evidence } : null
    },
  })
  const sink = { emit: (item: unknown) => void items.push(item), full: () => false, drained: async () => {} }
  const result = perform('diagnose', { port, params, sink, signal: new AbortController().signal })
  return { result, asked, items }
}

const stack: DiagnoseRequest = { kind: 'stack' }
const cpu: DiagnoseRequest = { kind: 'cpu-profile', durationMs: 2_000, file: '/tmp/x.cpuprofile' }
const heap: DiagnoseRequest = { kind: 'heap-snapshot', file: '/tmp/x.heapsnapshot', force: false }

describe('diagnose', () => {
  it('asks for evidence of the worker that is meant', async () => {
    const { result, asked, items } = ask({ target: 'web:0', request: stack, timeBoxMs: 800 })
    expect(await result).toEqual({ app: 'web', slot: 0, pid: 4121, evidence })
    expect(asked).toEqual([{ slot: { app: 'web', slot: 0 }, request: stack, timeBoxMs: 800 }])
    expect(items).toEqual([])
  })

  it('means the only worker of an app by its name alone', async () => {
    expect(await ask({ target: 'web', request: stack }, [workerStatus()]).result).toMatchObject({ slot: 0 })
    await expect(ask({ target: 'web', request: stack }).result).rejects.toThrow(
      'web has 2 workers: name one of them, web:0 and web:1',
    )
  })

  it.each([
    [cpu, 5_000, 'web:0: profiling for 2 s'],
    [heap, 600_000, 'web:0: writing a heap snapshot: the worker answers nobody meanwhile'],
  ])('says beforehand what takes long: %j', async (request, timeBoxMs, note) => {
    const { result, asked, items } = ask({ target: 'web:0', request })
    await result
    expect(items).toEqual([{ note }])
    expect(asked).toMatchObject([{ timeBoxMs }])
  })

  it.each([
    [{ target: 'web:1', request: stack }, 'web:1 has no worker now; `resil status web` shows why'],
    [{ target: 'web:7', request: stack }, 'web has no slot 7; its slots are 0, 1'],
    [{ target: 'web:0', request: { ...cpu, file: 'x' } }, 'diagnose: params.request.file: the path must be absolute'],
    [{ target: 'web:0', request: { ...cpu, durationMs: 1e9 } }, /^diagnose: params\.request\.durationMs: /],
    [{ target: 'web:0', request: { kind: 'core' } }, /^diagnose: params\.request\.kind: /],
  ])('refuses %j', async (params, message) => {
    await expect(ask(params).result).rejects.toThrow(message)
  })
})
