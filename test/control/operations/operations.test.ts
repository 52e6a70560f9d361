// What each operation asks of the supervisor, and what it makes of the events that answer. Without a socket.

import { describe, expect, it } from 'vitest'
import { operationNames, perform } from '../../../src/control/operations.ts'
import { ResilError } from '../../../src/errors.ts'
import type { WorkerRef } from '../../../src/events/worker-ref.ts'
import type { LogLine, OperationName, ParamsOf, ResultOf } from '../../../src/protocol/control.ts'
import type { ControlInput } from '../../../src/supervisor/inputs.ts'
import {
  appStatus,
  exitDetails,
  type FakePort,
  type FakePortOptions,
  fakePort,
  logLine,
  workerStatus,
} from '../../support/fake-port.ts'

interface Asked<Op extends OperationName> {
  readonly result: Promise<ResultOf<Op>>
  readonly items: unknown[]
  readonly leave: () => void
}

function ask<Op extends OperationName>(port: FakePort, op: Op, params: ParamsOf<Op>): Asked<Op> {
  const items: unknown[] = []
  const controller = new AbortController()
  const sink = { emit: (item: unknown) => void items.push(item), full: () => false, drained: async () => {} }
  const result = perform(op, { port, params, sink, signal: controller.signal })
  return { result, items, leave: () => controller.abort(new Error('left')) }
}

const web = appStatus()
const jobs = appStatus({ name: 'jobs', workers: [workerStatus({ id: 7, pid: 70 })], instances: 1, ports: [] })
const two = [web, jobs]

/** A supervisor that does what it is asked, at once. */
function obedient(options: FakePortOptions = {}): FakePort {
  return fakePort({
    ...options,
    onSubmit: (input, { publish, slotsOf }) => {
      switch (input.type) {
        case 'reload.requested':
        case 'restart.requested': {
          const { app, request } = input
          const slots = input.type === 'restart.requested' && input.slot !== null ? [input.slot] : slotsOf(app)
          const restart = input.type === 'restart.requested'
          publish({ type: 'reload.started', app, generation: 2, request, restart, slots: slots.length })
          for (const slot of slots) {
            publish({ type: 'reload.slotReplaced', app, generation: 2, request, slot, bootMs: 200, pid: 90 + slot })
          }
          publish({ type: 'reload.finished', app, generation: 2, request, tookMs: 400 })
          break
        }
        case 'scale.requested': {
          const { app, request, to } = input
          const from = 2
          publish({ type: 'app.scaled', app, request, from, to: to.by === 'absolute' ? to.count : from + to.count })
          break
        }
        case 'stop.requested': {
          const { app, slot, cause, force } = input
          if (app === null) publish({ type: 'supervisor.stopping', cause, deadlineMs: 25_000, forced: force })
          else if (slot === null) publish({ type: 'app.stopped', app })
          break
        }
      }
    },
  })
}

describe('every operation', () => {
  it.each(operationNames)('%s refuses params that it does not know', async (op) => {
    const params = { app: 'web', to: '1', surprise: true } as never
    await expect(ask(fakePort(), op, params).result).rejects.toMatchObject({
      code: 'RESIL_BAD_REQUEST',
      message: expect.stringMatching(`^${op}: params`),
    })
  })
})

describe('a target that does not exist', () => {
  it.each<[OperationName, Record<string, unknown>, string]>([
    ['status', { app: 'wbe' }, 'there is no app "wbe": shop has web, jobs; did you mean "web"?'],
    ['reload', { app: 'x' }, 'there is no app "x": shop has web, jobs'],
    ['restart', { target: 'web:9' }, 'web has no slot 9; its slots are 0, 1'],
    ['stop', { target: 'jbos:0' }, 'there is no app "jbos": shop has web, jobs; did you mean "jobs"?'],
    ['scale', { app: 'x', to: '2' }, 'there is no app "x": shop has web, jobs'],
    ['logs', { app: 'x' }, 'there is no app "x": shop has web, jobs'],
  ])('is refused by %s with what there is', async (op, params, message) => {
    const port = obedient({ name: 'shop', apps: two })
    await expect(ask(port, op, params as never).result).rejects.toMatchObject({ code: 'RESIL_UNKNOWN_TARGET', message })
    expect(port.submitted).toEqual([])
  })

  it('is told what the only app is', async () => {
    await expect(ask(fakePort({ name: 'shop' }), 'reload', { app: 'x' }).result).rejects.toThrow(
      'there is no app "x": the only app of shop is web',
    )
  })
})

describe('status', () => {
  it('is about all apps, or one', async () => {
    const port = fakePort({ apps: two })
    expect((await ask(port, 'status', {}).result).apps).toEqual(two)
    expect((await ask(port, 'status', { app: 'jobs' }).result).apps).toEqual([jobs])
  })
})

describe('plan', () => {
  it('says what a reload of each app would do, and submits nothing', async () => {
    const port = obedient({ apps: two })
    const { plans, notApplied } = await ask(port, 'plan', { allowPortChange: true }).result
    expect(plans.map(({ app, slots }) => [app, slots.length])).toEqual([
      ['web', 2],
      ['jobs', 1],
    ])
    expect(notApplied).toEqual([])
    expect(port.submitted).toEqual([])
    expect((await ask(port, 'plan', { app: 'jobs' }).result).plans).toHaveLength(1)
  })

  it('fails where the config is wrong by now', async () => {
    const wrong = new ResilError('RESIL_CONFIG', 'resilience.config.json: instances: -1')
    await expect(ask(obedient({ reread: () => Promise.reject(wrong) }), 'plan', {}).result).rejects.toBe(wrong)
  })
})

describe('reload', () => {
  it('goes through all apps in their order, and gives a verdict for each', async () => {
    const port = obedient({ apps: two })
    const { result, items } = ask(port, 'reload', {})
    const { verdicts } = await result
    expect(verdicts.map(({ app, outcome, slots }) => [app, outcome, slots.length])).toEqual([
      ['web', 'finished', 2],
      ['jobs', 'finished', 1],
    ])
    expect(items).toMatchObject([
      { type: 'reload.started', app: 'web' },
      { type: 'reload.slotReplaced', slot: 0 },
      { type: 'reload.slotReplaced', slot: 1 },
      { type: 'reload.finished' },
      { type: 'reload.started', app: 'jobs' },
      { type: 'reload.slotReplaced', slot: 0 },
      { type: 'reload.finished' },
    ])
    expect(port.listeners()).toBe(0)
  })

  it('hands on the settings that were read again, or none', async () => {
    const settings = { name: 'web' } as never
    const port = obedient({ reread: async (app) => (app === 'web' ? settings : null), apps: two })
    await ask(port, 'reload', {}).result
    expect(port.submitted).toMatchObject([
      { app: 'web', settings },
      { app: 'jobs', settings: null },
    ])
  })

  it('takes a mistake that only a config can have made by now for one of the config', async () => {
    const gone = new ResilError('RESIL_USAGE', 'app.js: no such file')
    const port = obedient({ apps: two, reread: async () => Promise.reject(gone) })
    await expect(ask(port, 'reload', {}).result).rejects.toMatchObject({ code: 'RESIL_CONFIG', message: gone.message })
    expect(port.submitted).toEqual([])
  })

  it('hands on an environment, and tells what it changes and what it can not apply', async () => {
    const notApplied = [{ key: 'log.level', from: 'info', to: 'debug' }]
    const port = obedient({ notApplied })
    const result = await ask(port, 'reload', { env: { STAGE: 'new' } }).result
    expect(port.bases).toEqual([{ STAGE: 'new' }])
    expect(result.notApplied).toEqual(notApplied)
    expect(result.verdicts[0]?.changes).toBeDefined()
    await expect(ask(port, 'reload', { env: { 'A=B': 'secret' } }).result).rejects.toThrow(/^(?!.*secret)/)
  })

  it.each([
    ['is the one of the config where nothing is said', undefined, undefined],
    [
      'is as many workers as are asked for, watched as by default',
      2,
      { instances: 2, observeMs: 60_000, maxErrorRate: 0.01 },
    ],
    ['is none for 0', 0, null],
  ])('the canary %s', async (_, canary, expected) => {
    const port = obedient()
    await ask(port, 'reload', { canary }).result
    const [input] = port.submitted as [Extract<ControlInput, { type: 'reload.requested' }>]
    if (expected) expect(input.canary).toMatchObject(expected)
    else expect(input.canary).toBe(expected)
  })

  it('moves nothing when the config of any app is wrong', async () => {
    const wrong = new ResilError('RESIL_CONFIG', 'resilience.config.json: instances: -1')
    const port = obedient({ apps: two, reread: async (app) => (app === 'jobs' ? Promise.reject(wrong) : null) })
    await expect(ask(port, 'reload', {}).result).rejects.toBe(wrong)
    expect(port.submitted).toEqual([])
  })

  it('ends at the first app that does not get through, and says so of the others', async () => {
    const port = fakePort({
      apps: two,
      onSubmit: (input, { publish }) => {
        const { app, request } = input as Extract<ControlInput, { type: 'reload.requested' }>
        publish({ type: 'request.refused', app, request, reason: 'a reload (reload-9) is running' })
      },
    })
    const { verdicts } = await ask(port, 'reload', {}).result
    expect(verdicts.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['refused', 'a reload (reload-9) is running'],
      ['refused', 'not attempted, because web did not get through'],
    ])
    expect(port.submitted).toHaveLength(1)
  })

  it('hears only its own events', async () => {
    const port = fakePort()
    const { result, items } = ask(port, 'reload', {})
    await new Promise((resolve) => setImmediate(resolve))
    const [input] = port.submitted as [Extract<ControlInput, { type: 'reload.requested' }>]
    port.publish({ type: 'reload.finished', app: 'web', generation: 2, request: 'reload-other', tookMs: 1 })
    port.publish({ type: 'reload.finished', app: 'web', generation: 3, request: input.request, tookMs: 2 })
    expect((await result).verdicts).toMatchObject([{ generation: 3 }])
    expect(items).toHaveLength(1)
  })

  it('ends when the supervisor does', async () => {
    const port = fakePort()
    const { result } = ask(port, 'reload', {})
    await new Promise((resolve) => setImmediate(resolve))
    port.publish({ type: 'supervisor.stopped', exitCode: 0, cause: 'SIGTERM' })
    await expect(result).rejects.toMatchObject({ code: 'RESIL_NO_SUPERVISOR' })
    expect(port.listeners()).toBe(0)
  })

  it('goes through the other apps too when whoever asked has gone', async () => {
    const port = fakePort({ apps: two })
    const { result, leave } = ask(port, 'reload', {})
    // Before the first app has begun: its config is being read.
    leave()
    for (const app of ['web', 'jobs']) {
      await expect.poll(() => port.submitted.some((input) => 'app' in input && input.app === app)).toBe(true)
      const { request } = port.submitted.at(-1) as Extract<ControlInput, { type: 'reload.requested' }>
      port.publish({ type: 'reload.finished', app, generation: 2, request, tookMs: 400 })
    }
    expect((await result).verdicts.map(({ outcome }) => outcome)).toEqual(['finished', 'finished'])
    expect(port.listeners()).toBe(0)
  })
})

describe('restart', () => {
  it('takes a slot, an app, or everything', async () => {
    const port = obedient({ name: 'shop', apps: two })
    const asked = async (target?: string) => {
      const before = port.submitted.length
      const { verdicts } = await ask(port, 'restart', { target }).result
      const inputs = port.submitted.slice(before) as Extract<ControlInput, { type: 'restart.requested' }>[]
      return [inputs.map(({ app, slot }) => [app, slot]), verdicts.map(({ slots }) => slots.map(({ slot }) => slot))]
    }
    expect(await asked('web:1')).toEqual([[['web', 1]], [[1]]])
    expect(await asked('web')).toEqual([[['web', null]], [[0, 1]]])
    const everything = [
      [
        ['web', null],
        ['jobs', null],
      ],
      [[0, 1], [0]],
    ]
    expect(await asked()).toEqual(everything)
    expect(await asked('shop')).toEqual(everything)
  })

  it('reads no config: it is the same release', async () => {
    const port = obedient({ reread: () => Promise.reject(new Error('read')) })
    expect((await ask(port, 'restart', {}).result).verdicts).toMatchObject([{ outcome: 'finished' }])
  })
})

describe('scale', () => {
  it.each([
    ['4', { by: 'absolute', count: 4 }, 4],
    ['+1', { by: 'relative', count: 1 }, 3],
    ['-1', { by: 'relative', count: -1 }, 1],
  ])('takes %s', async (text, to, expected) => {
    const port = obedient()
    expect(await ask(port, 'scale', { app: 'web', to: text }).result).toEqual({ app: 'web', from: 2, to: expected })
    expect(port.submitted).toMatchObject([{ type: 'scale.requested', app: 'web', to }])
  })

  it.each([
    ['0', "web can't have 0 workers: at least 1; `resil stop web` ends it"],
    ['-2', "web can't have 0 workers: at least 1; `resil stop web` ends it"],
    ['-5', "web can't have -3 workers: at least 1; `resil stop web` ends it"],
    ['9999', "web can't have 9999 workers: at most 1024"],
    ['+1023', "web can't have 1025 workers: at most 1024"],
  ])('refuses %s', async (to, message) => {
    const port = obedient()
    await expect(ask(port, 'scale', { app: 'web', to }).result).rejects.toMatchObject({ code: 'RESIL_USAGE', message })
    expect(port.submitted).toEqual([])
  })

  it('tells why the supervisor refused', async () => {
    const port = fakePort({
      onSubmit: (input, { publish }) => {
        if (input.type === 'scale.requested') {
          publish({ type: 'request.refused', app: 'web', request: input.request, reason: 'web is stopping' })
        }
      },
    })
    await expect(ask(port, 'scale', { app: 'web', to: '4' }).result).rejects.toMatchObject({
      code: 'RESIL_BUSY',
      message: 'web was not scaled: web is stopping',
    })
  })
})

describe('stop', () => {
  it.each([
    ['nothing', undefined],
    ['the only app', 'web'],
  ])('of %s is of the whole supervisor', async (_, target) => {
    const port = obedient()
    const { result, items } = ask(port, 'stop', { target })
    expect(await result).toEqual({ stopped: ['web'], supervisor: true })
    expect(port.submitted).toEqual([
      { type: 'stop.requested', app: null, slot: null, cause: 'resil stop', force: false },
    ])
    expect(items).toMatchObject([{ type: 'supervisor.stopping', deadlineMs: 25_000 }])
  })

  it('by the name of the supervisor is of all its apps', async () => {
    const port = obedient({ name: 'shop', apps: two })
    expect(await ask(port, 'stop', { target: 'shop', force: true }).result).toEqual({
      stopped: ['web', 'jobs'],
      supervisor: true,
    })
    expect(port.submitted).toMatchObject([{ app: null, force: true }])
  })

  it('that is under way already is answered, though the core says nothing twice', async () => {
    const port = fakePort({ state: 'stopping' })
    expect(await ask(port, 'stop', {}).result).toEqual({ stopped: ['web'], supervisor: true })
  })

  it('of one app of several waits until that has stopped', async () => {
    const port = fakePort({ name: 'shop', apps: two })
    const { result } = ask(port, 'stop', { target: 'jobs' })
    port.publish({ type: 'app.stopped', app: 'web' })
    port.publish({ type: 'app.stopped', app: 'jobs' })
    expect(await result).toEqual({ stopped: ['jobs'], supervisor: false })
    expect(port.submitted).toMatchObject([{ app: 'jobs', slot: null }])
  })

  it.each(['stopped', 'failed', 'ended'] as const)('of an app that has %s is no request', async (state) => {
    const port = fakePort({ apps: [web, appStatus({ name: 'jobs', state, workers: [] })] })
    expect(await ask(port, 'stop', { target: 'jobs' }).result).toEqual({ stopped: ['jobs'], supervisor: false })
    expect(port.submitted).toEqual([])
  })

  it('of a slot waits for its workers to end, all of them', async () => {
    const workers = [
      workerStatus(),
      workerStatus({ id: 3, pid: 4130, state: 'booting' }),
      workerStatus({ id: 2, slot: 1 }),
    ]
    const port = fakePort({ apps: [appStatus({ workers })] })
    const { result } = ask(port, 'stop', { target: 'web:0' })
    const exited = (id: number) => {
      const worker: WorkerRef = { app: 'web', slot: 0, id, pid: 4000 + id, generation: 1 }
      port.publish({ type: 'worker.exited', worker, exit: exitDetails(), after: { do: 'nothing' }, crashes: 0 })
    }
    for (const id of [2, 1]) exited(id)
    expect(port.listeners()).toBe(1)
    exited(3)
    expect(await result).toEqual({ stopped: ['web:0'], supervisor: false })
    expect(port.submitted).toMatchObject([{ app: 'web', slot: 0 }])
  })

  it('of a slot without a worker only parks it', async () => {
    const port = fakePort({ apps: [appStatus({ workers: [workerStatus({ id: null, pid: null, state: 'backoff' })] })] })
    expect(await ask(port, 'stop', { target: 'web:0' }).result).toEqual({ stopped: ['web:0'], supervisor: false })
    expect(port.submitted).toMatchObject([{ app: 'web', slot: 0 }])
  })
})

describe('logs', () => {
  const lines: readonly LogLine[] = [
    logLine({ at: 1, text: 'one' }),
    logLine({ at: 2, text: 'two', app: 'jobs' }),
    logLine({ at: 3, text: 'three' }),
    logLine({ at: 4, text: 'resil says', app: null, slot: null, pid: null, stream: 'resil' }),
  ]
  const textsOf = (items: readonly unknown[]) => (items as LogLine[]).map(({ text }) => text)

  it.each([
    ['everything', {}, ['one', 'two', 'three', 'resil says']],
    ['one app', { app: 'web' }, ['one', 'three']],
    ['since a time', { since: 3 }, ['three', 'resil says']],
    ['a text', { grep: 't' }, ['two', 'three']],
    ['the newest', { lines: 2 }, ['three', 'resil says']],
    ['the newest that match', { lines: 1, grep: 'o' }, ['two']],
    ['none', { lines: 0 }, []],
    ['what looks like a pattern is a text', { grep: 't.*' }, []],
  ])('shows %s', async (_, params, expected) => {
    const { result, items } = ask(fakePort({ apps: two, lines }), 'logs', params)
    expect(await result).toEqual({ dropped: 0 })
    expect(textsOf(items)).toEqual(expected)
  })

  it('goes on with what comes, without a gap and without telling twice', async () => {
    const port = fakePort({ apps: two, lines })
    const { items, result, leave } = ask(port, 'logs', { follow: true, app: 'web', lines: 1 })
    await new Promise((resolve) => setImmediate(resolve))
    port.log(logLine({ text: 'four' }))
    port.log(logLine({ text: 'of another', app: 'jobs' }))
    expect(textsOf(items)).toEqual(['three', 'four'])
    leave()
    expect(await result).toEqual({ dropped: 0 })
    expect(port.listeners()).toBe(0)
  })
})

describe('events', () => {
  it('shows what is remembered, and goes on until whoever asked has gone', async () => {
    const port = fakePort()
    port.publish({ type: 'app.stopped', app: 'web' })
    const { items, result, leave } = ask(port, 'events', { follow: true })
    port.publish({ type: 'app.stopped', app: 'jobs' })
    expect(items).toMatchObject([
      { type: 'app.stopped', app: 'web', seq: 1 },
      { app: 'jobs', seq: 2 },
    ])
    leave()
    expect(await result).toEqual({})
    expect(port.listeners()).toBe(0)
  })

  it('ends at once without follow', async () => {
    expect(await ask(fakePort(), 'events', {}).result).toEqual({})
  })
})
