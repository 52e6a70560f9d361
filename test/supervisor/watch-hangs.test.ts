// Hangs in the whole core: who turns suspect, who goes and when, and who must not.

import { describe, expect, it } from 'vitest'
import type { HangLimits } from '../../src/config/settings.ts'
import { nextDeadline } from '../../src/supervisor/next-deadline.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const limits: HangLimits = { suspectAfterMs: 2_500, replaceAfterMs: 10_000, evidence: 'stack', action: 'auto' }

function running(instances = 2, own: Partial<HangLimits> = {}, port = 3000): Simulation {
  const watchdogs = { memory: null, cpu: null, eventLoop: null, hang: { ...limits, ...own } }
  const sim = simulate([appSettings({ instances, watchdogs } as never)])
  if (port === 0) {
    for (const id of sim.workers('booting')) sim.send({ type: 'worker.loaded', worker: id })
    sim.advance(10_000)
  } else sim.bootAll(port)
  return sim
}

function beat(sim: Simulation, worker: number): void {
  sim.send({ type: 'worker.beat', worker, heapUsed: 1, delayP99Ms: 0, utilization: 0, connections: 0, requests: 0 })
}

/** Time passes, with a beat a second of all that serve but these. */
function live(sim: Simulation, ms: number, ...silent: number[]): void {
  for (let passed = 0; passed < ms; passed += 500) {
    sim.advance(500)
    if (passed % 1_000 !== 500) continue
    for (const id of [...sim.workers('ready'), ...sim.workers('suspect')]) if (!silent.includes(id)) beat(sim, id)
  }
}

const commands = (sim: Simulation, type: string) => sim.commands.filter((command) => command.type === type)

describe('a worker that is silent', () => {
  it('turns suspect after suspectAfter: out of rotation, its evidence taken once', () => {
    const sim = running()
    live(sim, 5_000)
    expect(sim.workers('suspect')).toEqual([])
    live(sim, 2_000, 1)
    expect(sim.workers('suspect')).toEqual([])
    live(sim, 6_000, 1)
    expect(sim.workers('suspect')).toEqual([1])
    expect(sim.eventsOf('worker.suspected')).toMatchObject([{ worker: { id: 1 }, silentMs: 2_500 }])
    expect(commands(sim, 'take-evidence')).toMatchObject([{ worker: 1, kind: 'stack', timeBoxMs: 5_000 }])
    expect(commands(sim, 'rotate')).toEqual([{ type: 'rotate', worker: 1, inRotation: false }])
  })

  it('is ready again with its next beat, as long ready as it was', () => {
    const sim = running()
    live(sim, 5_000)
    live(sim, 6_000, 1)
    beat(sim, 1)
    expect(sim.workers('suspect')).toEqual([])
    expect(sim.eventsOf('worker.recovered')).toMatchObject([{ worker: { id: 1 } }])
    expect(commands(sim, 'rotate').at(-1)).toEqual({ type: 'rotate', worker: 1, inRotation: true })
    const { stage } = sim.app().slots[0]?.current ?? {}
    expect(stage).toEqual({ status: 'ready', since: 1_000 })
    live(sim, 60_000)
    expect(sim.eventsOf('watchdog.tripped')).toEqual([])
  })

  it('is killed after replaceAfter, told once, and its slot starts again at once', () => {
    const sim = running()
    live(sim, 5_000)
    live(sim, 9_500, 1)
    expect(sim.workers('killing')).toEqual([])
    live(sim, 1_000, 1)
    expect(sim.workers('killing')).toEqual([1])
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      { watchdog: 'hang', action: 'replace', measured: 10_000, limit: 10_000, unit: 'ms', worker: { id: 1 } },
    ])
    expect(commands(sim, 'signal')).toEqual([{ type: 'signal', worker: 1, signal: 'SIGKILL' }])
    sim.exit(1, { signal: 'SIGKILL' })
    expect(sim.eventsOf('worker.exited')).toMatchObject([
      { exit: { kind: 'hang' }, after: { do: 'restart', delayMs: 0 } },
    ])
    expect(sim.workers('booting')).toHaveLength(1)
  })

  it('that listens and has never beaten counts from when it was ready, and has as long as a boot', () => {
    const sim = running(1)
    sim.advance(2_499)
    expect(sim.workers('suspect')).toEqual([])
    sim.advance(1)
    expect(sim.workers('suspect')).toEqual([1])
    sim.advance(27_499)
    expect(sim.workers('killing')).toEqual([])
    sim.advance(1)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('that hangs in its first request, before its first beat, has no longer than any other', () => {
    const sim = running(1)
    sim.send({ type: 'worker.turned', worker: 1 })
    sim.advance(9_999)
    expect(sim.workers('suspect')).toEqual([1])
    sim.advance(1)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('that neither listens nor has ever beaten is not known to be silent', () => {
    const sim = running(1, {}, 0)
    sim.advance(3_600_000)
    expect(sim.workers('ready')).toEqual([1])
  })

  it('that turns suspect only when its time is up already is looked at twice all the same', () => {
    const sim = running()
    live(sim, 1_000)
    sim.stall(11_000)
    beat(sim, 2)
    sim.send({ type: 'tick' })
    expect(sim.workers('suspect')).toEqual([1])
    live(sim, 500, 1)
    expect(sim.workers('killing')).toEqual([])
    live(sim, 1_000, 1)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('is not looked for where that is off', () => {
    const watchdogs = { memory: null, cpu: null, eventLoop: null, hang: null }
    const sim = simulate([appSettings({ watchdogs })])
    sim.bootAll()
    sim.advance(3_600_000)
    expect(sim.workers('ready')).toHaveLength(2)
    expect(nextDeadline(sim.state, sim.now)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('what speaks for a silent worker', () => {
  it.each<[name: string, seen: object, detail: string]>([
    ['it is stopped', { state: 'T' }, 'it is stopped'],
    ['a debugger is attached', { heldBy: 'debugger' }, 'a debugger is attached'],
    ['it has closed its channel', { connected: false }, 'it has closed its channel'],
  ])('%s: it is told once, and stays for as long as that lasts', (_name, seen, detail) => {
    const sim = running()
    live(sim, 1_000)
    sim.examined = () => seen
    live(sim, 300_000, 1)
    expect(sim.workers('suspect')).toEqual([1])
    expect(commands(sim, 'take-evidence')).toEqual([])
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      { action: 'report', detail: expect.stringContaining(detail) },
    ])
    // What kept it back ends, and it still does not answer.
    sim.examined = () => ({})
    live(sim, 10_500, 1)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('it never listens, so it may be computing: reported, unless the person says otherwise', () => {
    const sim = running(1, {}, 0)
    beat(sim, 1)
    live(sim, 100_000, 1)
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([{ action: 'report' }])
    expect(sim.workers('suspect')).toEqual([1])

    const strict = running(1, { action: 'replace' }, 0)
    beat(strict, 1)
    live(strict, 11_000, 1)
    expect(strict.workers('killing')).toEqual([1])
  })

  it('the machine is starved: twice the time', () => {
    const sim = running()
    live(sim, 1_000)
    let cpuMs = 1_000
    sim.examined = () => {
      cpuMs += 10
      return { state: 'R', cpuMs }
    }
    live(sim, 19_500, 1)
    expect(sim.workers('suspect')).toEqual([1])
    live(sim, 1_500, 1)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('the supervisor was asleep: that time does not count', () => {
    const sim = running()
    live(sim, 5_000)
    // A timer was due after 1.5 s; it fires half a minute late, and beats are read only after it.
    sim.stall(30_000)
    sim.send({ type: 'supervisor.overslept', lateMs: 30_000 })
    sim.send({ type: 'tick' })
    expect(sim.workers('ready')).toHaveLength(2)
    live(sim, 2_000, 1)
    expect(sim.workers('suspect')).toEqual([])
    live(sim, 2_000, 1)
    expect(sim.workers('suspect')).toEqual([1])
    sim.stall(30_000)
    sim.send({ type: 'supervisor.overslept', lateMs: 30_000 })
    live(sim, 5_000, 1)
    expect(sim.workers('killing')).toEqual([])
  })
})

describe('several silent workers', () => {
  it('go one at a time', () => {
    const sim = running(2)
    live(sim, 5_000)
    live(sim, 12_000, 1, 2)
    expect(sim.workers('killing')).toEqual([1])
    sim.exit(1, { signal: 'SIGKILL' })
    expect(sim.workers('killing')).toEqual([])
    sim.bootAll()
    expect(sim.workers('killing')).toEqual([2])
  })

  it('more than half of three: all get a little more time, once', () => {
    const sim = running(3)
    live(sim, 5_000)
    live(sim, 12_000, 1, 2)
    expect(sim.workers('killing')).toEqual([])
    live(sim, 1_500, 1, 2)
    expect(sim.workers('killing')).toEqual([1])
  })

  it('one that is heard of before its turn stays', () => {
    const sim = running(2)
    live(sim, 5_000)
    live(sim, 12_000, 1, 2)
    beat(sim, 2)
    sim.exit(1, { signal: 'SIGKILL' })
    sim.bootAll()
    live(sim, 5_000)
    expect(sim.workers('ready')).toHaveLength(2)
    expect(sim.eventsOf('worker.exited')).toHaveLength(1)
  })
})
