import { describe, expect, test } from 'vitest'
import type { ResilEvent } from '../../src/events/events.ts'
import type { Incident } from '../../src/incidents/incident.ts'
import { crashed, exit, lines, ready, story, worker } from './story.ts'

const [first, second, third] = [worker(0, 1), worker(0, 2), worker(0, 3)]

describe('a crash', () => {
  test('is an incident with its exit, its words, what led to it and what resil does', () => {
    const s = story()
    s.happens(ready(first))
    s.passes(2_000)
    s.happens(crashed(first), { lines: lines('TypeError: x is not a function') })
    expect(s.incident).toMatchObject({
      kind: 'crash',
      state: 'open',
      app: 'web',
      workers: [{ slot: 0, worker: 1, pid: 4001, generation: 1 }],
      failures: 1,
      endedAt: null,
      summary: 'web:0 (pid 4001) exited with code 1 after 3 s',
      hint: 'TypeError: x is not a function',
      exit: { code: 1 },
      decision: { did: 'started web:0 again at once' },
    })
    expect(s.incident.timeline.map(({ type }) => type)).toEqual(['worker.ready', 'worker.exited'])
    expect(s.incident.lines).toHaveLength(1)
    expect(s.told).toMatchObject([{ type: 'incident.opened', kind: 'crash', app: 'web' }])
  })

  test('has what the worker left behind, which is told just before its end, and once', () => {
    const s = story()
    s.happens(ready(first))
    s.happens({ type: 'evidence.taken', worker: first, evidence: { kind: 'report', file: '/tmp/r.json' } })
    s.happens(crashed(first))
    s.happens(ready(second))
    s.happens(crashed(second))
    expect(s.incident).toMatchObject({ failures: 2, evidence: [{ pid: 4001, evidence: { file: '/tmp/r.json' } }] })
    expect(s.incident.evidence).toHaveLength(1)
    expect(s.state.early).toEqual([])
  })

  test('is over when its replacement has stayed up for stableAfter, since the moment that it was ready', () => {
    const s = story()
    s.happens(crashed(first))
    s.passes(1_000)
    s.happens(ready(second))
    s.passes(29_000)
    expect(s.incident.state).toBe('open')
    s.passes(1_000)
    expect(s.incident).toMatchObject({ state: 'resolved', endedAt: s.incident.begunAt + 1_000 })
    expect(s.told.at(-1)).toMatchObject({ type: 'incident.resolved', lastedMs: 1_000, failures: 1 })
    expect(s.state.open).toEqual([])
  })

  test('that comes again before it is over makes the incident grow', () => {
    const s = story()
    for (const who of [first, second, third]) {
      s.happens(ready(who))
      s.happens(crashed(who), { lines: lines(`Error: ${who.id}`) })
      s.passes(5_000)
    }
    expect(s.incident).toMatchObject({ kind: 'crash', failures: 3, hint: 'Error: 3', workers: [{}, {}, {}] })
    expect(s.told.map(({ type }) => type)).toEqual(['incident.opened'])
  })

  test('after it was over is another incident', () => {
    const s = story()
    s.happens(crashed(first))
    s.happens(ready(second))
    s.passes(31_000)
    s.happens(crashed(second))
    expect(s.incidents.map(({ state }) => state)).toEqual(['resolved', 'open'])
  })

  test('of all workers for one reason is one incident, over when all are replaced', () => {
    const s = story()
    for (let slot = 0; slot < 4; slot += 1) s.happens(crashed(worker(slot, slot + 1)))
    expect(s.incident.failures).toBe(4)
    for (let slot = 0; slot < 3; slot += 1) s.happens(ready(worker(slot, slot + 5)))
    s.passes(60_000)
    expect(s.incident.state).toBe('open')
    s.happens(ready(worker(3, 9)))
    s.passes(30_000)
    expect(s.incident.state).toBe('resolved')
  })

  test('of two apps is two incidents', () => {
    const s = story(['web', 'api'])
    s.happens(crashed(first))
    s.happens(crashed(worker(0, 2, 'api')))
    expect(s.incidents.map(({ app }) => app)).toEqual(['web', 'api'])
  })

  test('of another kind in another slot is an incident of its own', () => {
    const s = story()
    s.happens(crashed(first))
    s.happens(crashed(worker(1, 2), { kind: 'oom', signal: 'SIGKILL', code: null }))
    expect(s.incidents.map(({ kind }) => kind)).toEqual(['crash', 'oom'])
  })

  test('whose replacement tells more takes that kind', () => {
    const s = story()
    s.happens(crashed(first))
    s.happens(crashed(second), { lines: lines('Error: EMFILE: too many open files') })
    expect(s.incident.kind).toBe('fd-exhaustion')
    expect(s.told.at(-1)).toMatchObject({ type: 'incident.worsened', from: 'crash', kind: 'fd-exhaustion' })
  })

  test('is over when its slot is stopped by hand, or its app', () => {
    for (const end of [
      { type: 'slot.parked', app: 'web', slot: 0 },
      { type: 'app.stopped', app: 'web' },
    ] as const) {
      const s = story()
      s.happens(crashed(first))
      s.happens(end)
      expect(s.incident.state).toBe('resolved')
    }
  })
})

describe('an open gate', () => {
  const opened: ResilEvent = {
    type: 'gate.opened',
    app: 'web',
    slot: 0,
    cause: 'crash-window',
    crashes: 6,
    retryInMs: 30_000,
  }

  test('makes a crash loop of crashes', () => {
    const s = story()
    for (let id = 1; id <= 50; id += 1) s.happens(crashed(worker(0, id)))
    s.happens(opened)
    expect(s.incident).toMatchObject({ kind: 'crash-loop', failures: 50 })
    expect(s.incident.decision.did).toBe('holds restarts of web:0, and tries one worker in 30 s')
    expect(s.told.map(({ type }) => type)).toEqual(['incident.opened', 'incident.worsened'])
  })

  test('does not hide a kind that tells more', () => {
    const s = story()
    s.happens(crashed(first, { kind: 'oom', code: null, signal: 'SIGKILL' }))
    s.happens(opened)
    expect(s.incident).toMatchObject({ kind: 'oom', decision: { why: expect.stringContaining('restart.window') } })
  })

  test('a story of a thousand events keeps its beginning and its end, and counts the rest', () => {
    const s = story()
    for (let id = 1; id <= 1_000; id += 1) s.happens(crashed(worker(0, id)))
    expect(s.incident.timeline).toHaveLength(40)
    expect(s.incident.omitted).toBe(960)
    expect(s.incident.timeline[0]?.text).toContain('pid 4001')
    expect(s.incident.timeline.at(-1)?.text).toContain('pid 5000')
    expect(s.incident.workers).toHaveLength(10)
  })
})

describe('what is no incident', () => {
  const done = { do: 'park' } as const
  test.each<[string, ResilEvent]>([
    ['a planned end', { ...crashed(first, { kind: 'planned' }), after: { do: 'nothing' } } as ResilEvent],
    ['a job that is done', { ...crashed(first, { kind: 'clean', code: 0 }), after: done } as ResilEvent],
    ['a worker that is ready', ready(first)],
    ['lines that a slow reader lost', { type: 'output.dropped', bytes: 1, lines: 1, to: 'stdout', error: null }],
    ['a drain', { type: 'worker.draining', worker: first, cause: 'reload', deadlineMs: 1_000 }],
  ])('%s', (_what, event) => {
    const s = story()
    s.happens(event)
    expect(s.incidents).toEqual([])
  })
})

describe('a reload', () => {
  const started: ResilEvent = {
    type: 'reload.started',
    app: 'web',
    generation: 2,
    request: 'r1',
    restart: false,
    slots: 1,
  }
  const next = worker(0, 2, 'web', 2)
  const failed: ResilEvent = {
    ...crashed(next, { kind: 'boot-failure' }),
    after: { do: 'nothing' },
  } as ResilEvent
  const rolledBack: ResilEvent = {
    type: 'reload.rolledBack',
    app: 'web',
    generation: 2,
    request: 'r1',
    kept: 1,
    failure: { slot: 0, worker: 2, reason: 'boot-failure', exit: exit({ kind: 'boot-failure' }), missing: [] },
    tookMs: 900,
  }

  test('that went back is one incident, over at once, with the words of the worker that failed', () => {
    const s = story()
    s.happens(started)
    s.happens(failed, { lines: lines("Error: Cannot find module 'pg'") })
    s.happens(rolledBack)
    expect(s.incident).toMatchObject({
      kind: 'reload-rolled-back',
      state: 'resolved',
      workers: [{ generation: 2 }],
      hint: 'pg is missing: is the release complete, and was npm ci run?',
      exit: { kind: 'boot-failure' },
    })
    expect(s.incident.lines).toHaveLength(1)
    expect(s.told.map(({ type }) => type)).toEqual(['incident.opened', 'incident.resolved'])
  })

  test('that stopped without going back is one too', () => {
    const s = story()
    s.happens(started)
    s.happens(failed)
    const { kept: _, ...ended } = rolledBack as Extract<ResilEvent, { type: 'reload.rolledBack' }>
    s.happens({ ...ended, type: 'reload.halted', replaced: 1 })
    expect(s.incident).toMatchObject({ kind: 'reload-rolled-back', state: 'resolved', exit: { kind: 'boot-failure' } })
  })

  test('that went back for a port names the port', () => {
    const s = story()
    s.happens(started)
    s.happens({
      ...rolledBack,
      failure: { slot: 0, worker: 2, reason: 'missing-port', exit: null, missing: ['3000'] },
    } as ResilEvent)
    expect(s.incident.hint).toBe('the new web:0 did not listen on 3000, which the old release does')
  })

  test('whose end is another leaves the failed boot as an incident of its own', () => {
    const s = story()
    s.happens(started)
    s.happens(failed)
    s.happens({ type: 'reload.superseded', app: 'web', generation: 2, request: 'r1', restart: false, by: 'reload' })
    expect(s.incident.kind).toBe('boot-failure')
  })
})

describe('a worker that resil ends', () => {
  const late: ResilEvent = { type: 'worker.signalled', worker: first, signal: 'SIGTERM', reason: 'drain-deadline' }
  const ended: ResilEvent = {
    type: 'worker.exited',
    worker: first,
    exit: exit({ kind: 'planned', code: null, signal: 'SIGKILL' }),
    after: { do: 'nothing' },
    crashes: 0,
  }

  test('past its drain is one incident, over when it is gone', () => {
    const s = story()
    s.happens(late)
    s.happens({ ...late, signal: 'SIGKILL' } as ResilEvent)
    expect(s.incident).toMatchObject({ kind: 'unresponsive-drain', state: 'open', failures: 1 })
    s.happens(ended)
    expect(s.incident).toMatchObject({ state: 'resolved', exit: { signal: 'SIGKILL' } })
    expect(s.incident.timeline).toHaveLength(4)
  })

  test('that cut off what it had in hand is one incident too, over when it is gone', () => {
    const s = story()
    s.happens({ type: 'worker.cutOff', worker: first, connections: 2 })
    expect(s.incident).toMatchObject({ kind: 'unresponsive-drain', state: 'open' })
    expect(s.incident.decision.did).toContain('cut off what it had in hand')
    s.happens(ended)
    expect(s.incident.state).toBe('resolved')
  })

  test('for its watchdog has the evidence that came before and after', () => {
    const s = story()
    s.happens(ready(first))
    s.happens({
      type: 'evidence.taken',
      worker: first,
      evidence: { kind: 'stack', frames: [], tookMs: 40 },
    })
    s.happens({
      type: 'watchdog.tripped',
      worker: first,
      watchdog: 'hang',
      action: 'kill',
      measured: 10_000,
      limit: 10_000,
      unit: 'ms',
      detail: '',
    })
    s.happens({ type: 'worker.signalled', worker: first, signal: 'SIGKILL', reason: 'unresponsive' })
    s.happens({ type: 'evidence.taken', worker: first, evidence: { kind: 'report', file: '/tmp/r.json' } })
    s.happens(ended)
    s.happens(ready(second))
    expect(s.incident).toMatchObject({
      kind: 'hang',
      failures: 1,
      exit: { signal: 'SIGKILL' },
      evidence: [{ evidence: { kind: 'stack' } }, { evidence: { kind: 'report' } }],
    })
    s.passes(30_000)
    expect(s.incident.state).toBe('resolved')
  })

  test('for its watchdog, and counted as a crash, is one failure, told by the watchdog', () => {
    const s = story()
    s.happens({
      type: 'watchdog.tripped',
      worker: first,
      watchdog: 'cpu',
      action: 'kill',
      measured: 1,
      limit: 0.9,
      unit: 'ratio',
      detail: '',
    })
    s.happens(crashed(first, { kind: 'unhealthy', code: null, signal: 'SIGKILL' }))
    expect(s.incident).toMatchObject({
      kind: 'cpu-saturation',
      failures: 1,
      hint: null,
      summary: expect.stringContaining('takes too much CPU'),
      exit: { kind: 'unhealthy' },
    })
  })

  test.each([
    ['memory', 'memory-growth'],
    ['hang', 'hang'],
    ['event-loop', 'event-loop-lag'],
    ['cpu', 'cpu-saturation'],
    ['probe', 'probe-failed'],
    ['descriptors', 'fd-exhaustion'],
  ] as const)(
    'the %s watchdog that only reports makes a %s, which is over when the worker is well again',
    (watchdog, kind) => {
      const s = story()
      const reported = (worker: typeof first): ResilEvent => ({
        type: 'watchdog.tripped',
        worker,
        watchdog,
        action: 'report',
        measured: 2,
        limit: 1,
        unit: 'failures',
        detail: '',
      })
      s.happens(reported(first))
      s.happens(reported(second))
      // It goes on, however long nothing is said of it.
      s.passes(600_000)
      expect(s.incident).toMatchObject({ kind, state: 'open', failures: 2 })
      const calmed = (worker: typeof first): ResilEvent =>
        watchdog === 'hang'
          ? { type: 'worker.recovered', worker, silentMs: 20_000 }
          : { type: 'watchdog.calmed', worker, watchdog }
      s.happens(calmed(first))
      s.passes(600_000)
      expect(s.incident.state).toBe('open')
      s.happens(calmed(second))
      s.passes(59_000)
      expect(s.incident.state).toBe('open')
      s.happens(reported(second))
      s.happens({
        type: 'worker.exited',
        worker: second,
        exit: exit({ kind: 'planned' }),
        after: { do: 'nothing' },
        crashes: 0,
      })
      s.passes(60_000)
      expect(s.incident.state).toBe('resolved')
    },
  )

  test('is not over with another ailment of the worker, and is another matter when it is replaced for it', () => {
    const s = story()
    const tripped = {
      type: 'watchdog.tripped',
      worker: first,
      measured: 2,
      limit: 1,
      unit: 'ratio',
      detail: '',
    } as const
    s.happens({ ...tripped, watchdog: 'cpu', action: 'report' })
    s.happens({ type: 'watchdog.calmed', worker: first, watchdog: 'memory' })
    s.passes(120_000)
    expect(s.incident.state).toBe('open')
    s.happens({ ...tripped, watchdog: 'cpu', action: 'replace' })
    s.happens({ type: 'watchdog.calmed', worker: first, watchdog: 'cpu' })
    s.passes(120_000)
    expect(s.incident.state).toBe('open')
  })
})

describe('the supervisor itself', () => {
  test('starves, once for all the times that it does so in a row', () => {
    const s = story()
    s.happens({ type: 'supervisor.overslept', lateMs: 30_000 })
    s.passes(10_000)
    s.happens({ type: 'supervisor.overslept', lateMs: 9_000 })
    expect(s.incident).toMatchObject({ kind: 'supervisor-starved', app: null, failures: 2, workers: [] })
    s.passes(60_000)
    expect(s.incident.state).toBe('resolved')
  })

  test.each(['ENOSPC', 'EDQUOT'])('finds the disk full (%s)', (error) => {
    const s = story()
    s.happens({ type: 'output.dropped', bytes: 10, lines: 1, to: '/var/log/web.log', error })
    s.happens({ type: 'log.rotationFailed', file: '/var/log/web.log', error })
    expect(s.incident).toMatchObject({ kind: 'disk-full', failures: 2 })
  })
})

describe('a breaker that opens', () => {
  const opens = (name = 'db', app = 'web'): ResilEvent => ({ type: 'breaker.opened', app, name, openIn: 1, workers: 2 })
  const closes = (name = 'db'): ResilEvent => ({ type: 'breaker.closed', app: 'web', name })

  test('is an incident of its app that names it, and of no worker', () => {
    const s = story()
    s.happens(opens(), { lines: lines('connect ECONNREFUSED') })
    expect(s.incident).toMatchObject({ kind: 'dependency-open', state: 'open', app: 'web', about: 'db', workers: [] })
    expect(s.incident.summary).toContain('circuit breaker "db" has opened')
    expect(s.incident.decision.did).toContain('restarts no worker')
    expect(s.incident.lines).toHaveLength(1)
  })

  test('is over when it has stayed closed for a minute, since it closed', () => {
    const s = story()
    s.happens(opens())
    s.passes(600_000)
    expect(s.incident.state).toBe('open')
    s.happens(closes())
    s.passes(59_000)
    expect(s.incident.state).toBe('open')
    s.passes(1_000)
    expect(s.incident).toMatchObject({ state: 'resolved', endedAt: s.incident.begunAt + 600_000, failures: 1 })
  })

  test('and closes, and opens again makes one incident grow', () => {
    const s = story()
    for (let n = 0; n < 3; n += 1) {
      s.happens(opens())
      s.passes(30_000)
      s.happens(closes())
      s.passes(30_000)
    }
    s.happens(opens())
    s.passes(120_000)
    expect(s.incident).toMatchObject({ state: 'open', failures: 4 })
    expect(s.told.map(({ type }) => type)).toEqual(['incident.opened'])
  })

  test('is apart from others of another name or app, and each ends by itself', () => {
    const s = story(['web', 'api'])
    s.happens(opens('db'))
    s.happens(opens('mail'))
    s.happens(opens('db', 'api'))
    s.happens(closes('db'))
    s.passes(60_000)
    expect(s.incidents.map(({ app, about, state }) => [app, about, state])).toEqual([
      ['web', 'db', 'resolved'],
      ['web', 'mail', 'open'],
      ['api', 'db', 'open'],
    ])
  })

  test('is told in the story of a crash that goes on, and does not become it', () => {
    const s = story()
    s.happens(crashed(first))
    s.happens(opens())
    s.happens(crashed(second))
    expect(s.incidents.map(({ kind, failures }) => [kind, failures])).toEqual([
      ['crash', 2],
      ['dependency-open', 1],
    ])
  })

  test('and was left open by a supervisor before is over after a minute, unless it opens again', () => {
    const before = story()
    before.happens(opens())
    const left = before.incident
    for (const opensAgain of [false, true]) {
      const s = story()
      s.adopts([left], left.id)
      if (opensAgain) s.happens(opens())
      s.passes(59_000)
      expect(s.state.open).toHaveLength(1)
      s.passes(1_000)
      expect(s.incident).toMatchObject({ id: left.id, state: opensAgain ? 'open' : 'resolved' })
    }
  })
})

describe('chaos', () => {
  const begins: ResilEvent = { type: 'chaos.injecting', app: 'web', name: 'db', injected: 1 }
  const ends: ResilEvent = { type: 'chaos.ended', app: 'web', name: 'db', injected: 9, quietMs: 60_000 }

  test('is an incident of its own, and what it makes fail is another', () => {
    const s = story()
    s.happens(begins)
    s.happens(crashed(first))
    expect(s.incidents.map(({ kind, about }) => [kind, about])).toEqual([
      ['chaos', 'db'],
      ['crash', null],
    ])
  })

  test('is over when its end is told, since its last fault', () => {
    const s = story()
    s.happens(begins)
    s.passes(90_000)
    expect(s.incident.state).toBe('open')
    s.happens(ends)
    expect(s.incident).toMatchObject({ state: 'resolved', endedAt: s.incident.begunAt + 30_000 })
  })
})

describe('what a supervisor before this one left open', () => {
  const left = (): Incident => {
    const s = story()
    s.happens(crashed(worker(2, 7)))
    return s.incident
  }

  test('goes on when it fails again, and is over when its slot stays up', () => {
    const s = story()
    const old = left()
    s.adopts([old], old.id)
    s.happens(crashed(worker(2, 1)))
    expect(s.incident).toMatchObject({ id: old.id, failures: 2 })
    s.happens(ready(worker(2, 4)))
    s.passes(30_000)
    expect(s.incident.state).toBe('resolved')
  })

  test('is over when its slot is not wanted any more', () => {
    const s = story()
    s.adopts([left()])
    s.happens(ready(worker(0, 1)))
    s.happens({ type: 'app.running', app: 'web', ready: 1, instances: 1, ports: [], bootMs: 100 })
    expect(s.incident.state).toBe('resolved')
  })

  test('is over at once when its app is configured no more', () => {
    const s = story(['api'])
    s.adopts([left()])
    expect(s.incident.state).toBe('resolved')
  })

  test('no id is given twice', () => {
    const s = story()
    s.adopts([], 'zzzz00')
    expect(s.happens(crashed(first))?.id).toBe('zzzz01')
  })
})
