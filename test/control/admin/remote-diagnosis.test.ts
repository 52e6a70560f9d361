// A diagnosis over HTTP: the holder of the token says what to look at, and not where to write.

import { expect, it } from 'vitest'
import type { DiagnoseRequest } from '../../../src/protocol/control.ts'
import { ask, serveAdmin, TOKEN } from '../../support/admin.ts'
import { fakePort } from '../../support/fake-port.ts'

async function diagnosable(until: Promise<void> = Promise.resolve()) {
  const requests: DiagnoseRequest[] = []
  const diagnose = async (_: unknown, request: DiagnoseRequest) => {
    requests.push(request)
    await until
    return { pid: 1, evidence: { kind: 'none' as const, reason: '' } }
  }
  const { number } = await serveAdmin(fakePort({ diagnose }))
  const post = (request: object) =>
    ask(number, '/diagnose', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ target: 'web:0', request }),
    })
  return { requests, post }
}

it('resil chooses the place of a file, and never forces it', async () => {
  const { requests, post } = await diagnosable()
  expect((await post({ kind: 'heap-snapshot' })).status).toBe(200)
  expect((await post({ kind: 'cpu-profile', durationMs: 100 })).status).toBe(200)
  expect((await post({ kind: 'stack' })).status).toBe(200)
  expect(requests).toEqual([
    { kind: 'heap-snapshot', file: '/state/diagnoses/web:0.heapsnapshot', force: false },
    { kind: 'cpu-profile', durationMs: 100, file: '/state/diagnoses/web:0.cpuprofile' },
    { kind: 'stack' },
  ])
})

it.each([
  ['a place', { kind: 'heap-snapshot', file: '/etc/cron.d/x' }],
  ['force', { kind: 'heap-snapshot', force: true }],
  ['a place for a profile', { kind: 'cpu-profile', durationMs: 100, file: '/tmp/x' }],
])('%s is refused', async (_, request) => {
  const { requests, post } = await diagnosable()
  const { status, body } = await post(request)
  expect([status, JSON.parse(body).error.code]).toEqual([403, 'RESIL_NOT_PERMITTED'])
  expect(requests).toEqual([])
})

it('files are made one at a time; a stack is no file', async () => {
  let go = (): void => {}
  const { requests, post } = await diagnosable(
    new Promise((resolve) => {
      go = resolve
    }),
  )
  const first = post({ kind: 'heap-snapshot' })
  await expect.poll(() => requests.length, { timeout: 10_000 }).toBe(1)
  const second = await post({ kind: 'cpu-profile', durationMs: 100 })
  expect([second.status, JSON.parse(second.body).error.code]).toEqual([503, 'RESIL_BUSY'])
  const stack = post({ kind: 'stack' })
  go()
  expect((await first).status).toBe(200)
  expect((await stack).status).toBe(200)
  expect((await post({ kind: 'cpu-profile', durationMs: 100 })).status).toBe(200)
})
