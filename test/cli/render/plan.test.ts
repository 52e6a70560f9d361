import { describe, expect, it } from 'vitest'
import { renderChanges, renderNotApplied, renderPlan } from '../../../src/cli/render/plan.ts'
import { NO_CHANGES } from '../../../src/config/reapply.ts'
import type { ReloadPlan } from '../../../src/protocol/reload-plan.ts'

const plan = (given: Partial<ReloadPlan> = {}): ReloadPlan => ({
  app: 'web',
  generation: { from: 2, to: 3 },
  refusal: null,
  slots: [
    { slot: 0, action: 'replace', pid: 4121, bootMs: 240 },
    { slot: 1, action: 'start', pid: null, bootMs: null },
  ],
  surge: 1,
  maxUnavailable: 0,
  floor: 2,
  rollback: true,
  canary: null,
  endpoints: ['3000', '3001'],
  expectedMs: 2_400,
  drainDeadlineMs: 25_000,
  changes: NO_CHANGES,
  ...given,
})

describe('the plan of a reload', () => {
  it('says slot by slot what would be done, at what pace, and for how long', () => {
    expect(renderPlan(plan()).split('\n')).toEqual([
      'web: a reload from generation 2 to 3 would do this; nothing has been done',
      '  web:0  replaced  pid 4121, booted in 240 ms',
      '  web:1  started',
      '  new before old, 1 at a time, at least 2 workers ready all the time',
      '  new workers must listen on 3000 and 3001',
      '  at the first failure: back to generation 2',
      '  takes about 2.4 s by the last boots, and what old workers take to drain (each 25 s at most)',
      '  settings and env: no change',
      '',
    ])
  })

  it('says what is different where there is no surge, no rollback, no known boot and no leave', () => {
    const text = renderPlan(
      plan({ surge: 0, floor: 1, rollback: false, endpoints: [], expectedMs: null, refusal: 'web is stopping' }),
    )
    expect(text).toContain('  it would be refused now: web is stopping\n')
    expect(text).toContain('  old before new (surge 0), at least 1 worker ready all the time\n')
    expect(text).toContain('  at the first failure: stops, and keeps what serves (reload.rollback is false)\n')
    expect(text).toContain('  takes as long as the boots, and what old workers')
    expect(text).not.toContain('must listen')
  })

  it('tells each change on a line, the environment by names, and what it can not apply', () => {
    const changes = {
      settings: [
        { key: 'shutdown.deadline', from: '25s', to: '30s' },
        { key: 'recycle.maxAge', from: null, to: '1h' },
      ],
      env: { added: ['NEW'], removed: ['GONE'], changed: ['OTHER'] },
      notApplied: [{ key: 'dependsOn', from: '(none)', to: 'db' }],
    }
    expect(renderPlan(plan({ changes })).split('\n').slice(-5, -1)).toEqual([
      '  setting: shutdown.deadline 25s → 30s',
      '  setting: recycle.maxAge not set → 1h',
      '  env: + NEW, − GONE, ~ OTHER',
      '  needs a restart of resil: dependsOn (none) → db',
    ])
    expect(renderChanges(changes)).toEqual([
      '  changed: shutdown.deadline 25s → 30s, recycle.maxAge not set → 1h',
      '  env: + NEW, − GONE, ~ OTHER',
      '  needs a restart of resil: dependsOn (none) → db',
    ])
  })
})

it('nothing is said after a reload that changed nothing but the files of the app', () => {
  expect(renderChanges(NO_CHANGES)).toEqual([])
  expect(renderChanges(undefined)).toEqual([])
  expect(renderNotApplied([])).toBe('')
})

it('apps that come and go are told with what that means', () => {
  expect(
    renderNotApplied([
      { key: 'apps', from: 'jobs', to: null },
      { key: 'apps', from: null, to: 'cron' },
      { key: 'log.level', from: 'info', to: 'debug' },
    ]),
  ).toBe('needs a restart of resil: apps − jobs (it runs on as it is), apps + cron, log.level info → debug\n')
})
