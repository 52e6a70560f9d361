import { describe, expect, it } from 'vitest'
import { markDue, markEnding, relieve } from '../../src/supervisor/due.ts'
import { initialState } from '../../src/supervisor/state/supervisor.ts'
import type { Due } from '../../src/supervisor/state/worker.ts'
import { step } from '../../src/supervisor/step.ts'
import { beginTurn } from '../../src/supervisor/turn.ts'
import { appSettings, simulate, supervisorSettings } from '../support/simulation.ts'

type Mark = 'memory!' | 'hang!' | 'liveness!' | 'kill!' | 'memory' | 'age' | 'lag'

/** One second between each. */
function marked(marks: readonly Mark[], relieved: readonly ('hang' | 'liveness')[] = []): Due | null {
  const settings = supervisorSettings([appSettings({ instances: 1 })])
  const began = initialState({ settings, foreground: true, cpus: 1, seed: 1, now: 0 })
  const { apps } = step(began, { type: 'tick' }, 0).state
  const slot = apps[0]?.slots[0]
  if (slot === undefined) throw new Error('no slot')
  const worker = () => slot.current ?? expect.fail('no worker')
  marks.forEach((mark, second) => {
    const turn = beginTurn(began, second * 1_000)
    if (mark === 'kill!') markEnding(turn, slot, worker(), 'memory', 'now')
    else if (mark === 'memory!') markEnding(turn, slot, worker(), 'memory')
    else if (mark === 'hang!') markEnding(turn, slot, worker(), 'hang')
    else if (mark === 'liveness!') markEnding(turn, slot, worker(), 'liveness')
    else markDue(turn, slot, worker(), mark)
  })
  for (const cause of relieved) relieve(slot, worker(), cause)
  return worker().due
}

describe('two causes for one worker', () => {
  it.each<[string, readonly Mark[], string, Due['how']]>([
    ['the more urgent replacement counts', ['age', 'memory'], 'memory', 'replace'],
    ['and stays', ['memory', 'age'], 'memory', 'replace'],
    ['having to go counts more than being replaced', ['memory', 'liveness!'], 'liveness', 'end'],
    ['and stays', ['liveness!', 'memory'], 'liveness', 'end'],
    ['of two that have to go the one whose time is up first', ['liveness!', 'memory!'], 'liveness', 'end'],
    ['which is at once for a kill', ['liveness!', 'kill!'], 'memory', 'end'],
    ['and for a loop that does not turn', ['liveness!', 'hang!'], 'hang', 'end'],
  ])('%s (%j)', (_, marks, cause, how) => {
    expect(marked(marks)).toMatchObject({ cause, how })
  })
})

describe('a cause that passes', () => {
  it.each<[readonly Mark[], readonly ('hang' | 'liveness')[], object | null]>([
    [['liveness!'], ['liveness'], null],
    [['memory!'], ['liveness'], { cause: 'memory', how: 'end' }],
    [['liveness!', 'memory!'], ['liveness'], { cause: 'memory', how: 'end', patienceUntil: 6_000 }],
    [['memory', 'hang!'], ['hang'], { cause: 'memory', how: 'replace' }],
    [['age', 'liveness!', 'lag', 'hang!'], ['hang'], { cause: 'liveness', beneath: { cause: 'lag' } }],
    [['age', 'liveness!', 'lag', 'hang!'], ['liveness'], { cause: 'hang', beneath: { cause: 'lag' } }],
    [['age', 'liveness!', 'lag', 'hang!'], ['hang', 'liveness'], { cause: 'lag', how: 'replace' }],
  ])('%j without %j leaves what else was found', (marks, relieved, left) => {
    if (left === null) expect(marked(marks, relieved)).toBeNull()
    else expect(marked(marks, relieved)).toMatchObject(left)
  })

  it('does not save a worker that came to its hard memory limit meanwhile: the watchdog tells it only once', () => {
    const probe = {
      ask: { by: 'ipc' },
      intervalMs: 1_000,
      timeoutMs: 500,
      failureThreshold: 1,
      successThreshold: 1,
    } as const
    const memory = { softBytes: null, hardBytes: 500, sustainMs: 5_000, predict: false, sharedBytes: null } as const
    const sim = simulate([
      appSettings({
        instances: 2,
        probes: { startup: null, liveness: probe, readiness: null },
        watchdogs: { memory: { ...memory, action: 'replace' }, cpu: null, eventLoop: null, hang: null },
      }),
    ])
    sim.bootAll()
    const worker = sim.workers('ready')[0] ?? 0
    sim.send({ type: 'probe.answered', worker, probe: 'liveness', ok: false, detail: '' })
    sim.send({ type: 'workers.sampled', samples: [{ worker, rssBytes: 600, cpuShare: null }] })
    sim.send({ type: 'probe.answered', worker, probe: 'liveness', ok: true, detail: '' })
    sim.bootAll()
    expect(sim.eventsOf('worker.replaced')).toMatchObject([{ worker: { id: worker }, cause: 'memory' }])
  })
})
