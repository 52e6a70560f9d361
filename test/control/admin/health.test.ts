// What the three probes say in each situation.

import { describe, expect, it } from 'vitest'
import { createHealthWatch, type HealthWatch } from '../../../src/control/admin/health.ts'
import type { ResilEvent } from '../../../src/events/events.ts'
import type { AppStatus } from '../../../src/protocol/status.ts'
import { appStatus, statusDocument } from '../../support/fake-port.ts'

const ref = (app: string) => ({ app, slot: 0, id: 1, pid: 10, generation: 1 })
const ready = (app: string): ResilEvent => ({ type: 'worker.ready', worker: ref(app), bootMs: 1, by: 'listening' })
const listening = (app: string): ResilEvent => ({
  type: 'worker.listening',
  worker: ref(app),
  port: 3000,
  address: null,
})
const ended = (app: string, exitCode: number): ResilEvent => ({ type: 'app.ended', app, exitCode })
const server = [listening('web'), ready('web')]
const consumer = [ready('jobs')]

function watch(events: readonly ResilEvent[]): HealthWatch {
  const health = createHealthWatch()
  for (const event of events) health.add(event)
  return health
}

type Case = readonly [what: string, events: readonly ResilEvent[], app: Partial<AppStatus>, ok: boolean, reason: string]

describe('/readyz', () => {
  it.each<Case>([
    ['nothing has booted', [], { state: 'starting', ready: 0 }, false, 'starting, never ready: 0 of 2 ready'],
    ['one of two is ready', server, { state: 'starting', ready: 1 }, true, 'starting: 1 of 2 ready'],
    ['all are ready', server, {}, true, 'running: 2 of 2 ready'],
    ['degraded, but it serves', server, { state: 'degraded', ready: 1 }, true, 'degraded: 1 of 2 ready'],
    ['none is left', server, { state: 'degraded', ready: 0 }, false, 'degraded: 0 of 2 ready'],
    ['in a reload', server, { state: 'reloading' }, true, 'reloading: 2 of 2 ready'],
    ['it is being stopped, though its workers still serve', server, { state: 'stopping' }, false, 'stopping'],
    ['it was stopped', server, { state: 'stopped', ready: 0 }, false, 'stopped'],
    ['it was given up', server, { state: 'failed', ready: 0 }, false, 'failed'],
    ['a server has ended', [...server, ended('web', 0)], { state: 'ended', ready: 0 }, false, 'ended'],
    ['it waits for another', [], { state: 'waiting', ready: 0 }, false, 'waiting, never ready: 0 of 2 ready'],
  ])('a server: %s', (_what, events, app, ok, reason) => {
    const health = watch(events).ready(statusDocument({ apps: [appStatus(app)] }))
    expect(health).toEqual({ ok, reason: null, apps: [{ app: 'web', ok, reason }] })
  })

  it.each<Case>([
    ['a consumer that has started', consumer, { state: 'running' }, true, 'listens on nothing'],
    ['one that is down for now', consumer, { state: 'degraded', ready: 0 }, true, 'listens on nothing'],
    ['one that never came up', [], { state: 'failed', ready: 0 }, false, 'failed, never ready: 0 of 2 ready'],
    ['a job that is through', [ended('jobs', 0)], { state: 'ended', ready: 0 }, true, 'listens on nothing'],
    ['a job that failed', [ended('jobs', 3)], { state: 'ended', ready: 0 }, false, 'ended, never ready: 0 of 2 ready'],
  ])('%s', (_what, events, app, ok, reason) => {
    const health = watch(events).ready(statusDocument({ apps: [appStatus({ name: 'jobs', ports: [], ...app })] }))
    expect(health).toEqual({ ok, reason: null, apps: [{ app: 'jobs', ok, reason }] })
  })

  it('fails for all as soon as a stop has begun', () => {
    const health = watch(server).ready(statusDocument({ apps: [appStatus()], state: 'stopping' }))
    expect(health).toMatchObject({ ok: false, reason: 'resil is stopping', apps: [{ ok: true }] })
  })

  it('is as good as its worst app', () => {
    const apps = [appStatus(), appStatus({ name: 'api', ready: 0, state: 'degraded' })]
    const health = watch([...server, listening('api'), ready('api')]).ready(statusDocument({ apps }))
    expect(health.ok).toBe(false)
    expect(health.apps.map(({ ok }) => ok)).toEqual([true, false])
  })
})

describe('/startupz', () => {
  it.each<Case>([
    ['never ready', [listening('web')], { state: 'starting', ready: 0 }, false, 'starting, never ready: 0 of 2 ready'],
    ['ready once, and down since', server, { state: 'degraded', ready: 0 }, true, 'has been ready'],
    ['a job that is through', [ended('web', 0)], { state: 'ended', ready: 0 }, true, 'has done its work'],
  ])('%s', (_what, events, app, ok, reason) => {
    const health = watch(events).started(statusDocument({ apps: [appStatus(app)], state: 'stopping' }))
    expect(health).toEqual({ ok, reason: null, apps: [{ app: 'web', ok, reason }] })
  })
})
