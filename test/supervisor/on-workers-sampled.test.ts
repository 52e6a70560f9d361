// Memory and CPU in the whole core: what is told, and who is replaced when.

import { describe, expect, it } from 'vitest'
import type { MemoryLimits } from '../../src/config/settings.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const MB = 2 ** 20
const limits: MemoryLimits = {
  softBytes: 400 * MB,
  hardBytes: 500 * MB,
  sustainMs: 5_000,
  predict: true,
  action: 'replace',
  sharedBytes: null,
}

function watched(own: Partial<MemoryLimits> = {}, instances = 4): Simulation {
  const memory = { ...limits, ...own }
  const watchdogs = { memory, cpu: null, eventLoop: null, hang: null }
  const sim = simulate([appSettings({ instances, watchdogs } as never)])
  sim.bootAll()
  return sim
}

/** One look at all workers that serve; by slot, else 100 MB. */
function sample(sim: Simulation, mbOf: Readonly<Record<number, number>>, cpuShare: number | null = null): void {
  const samples = [...sim.alive].map(([worker, { slot }]) => ({
    worker,
    rssBytes: (worker <= 4 ? (mbOf[slot] ?? 100) : 100) * MB,
    cpuShare,
  }))
  sim.send({ type: 'workers.sampled', samples })
}

function settle(sim: Simulation): void {
  for (let round = 0; round < 20; round += 1) {
    sim.bootAll()
    for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
  }
}

describe('a worker over its hard limit', () => {
  it('is told at once, and replaced as soon as a new one is ready', () => {
    const sim = watched()
    sim.advance(10_000)
    sample(sim, { 2: 510 })
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
      { watchdog: 'memory', action: 'replace', measured: 510 * MB, limit: 500 * MB, worker: { slot: 2 } },
    ])
    expect(sim.workers('ready')).toHaveLength(4)
    expect(sim.workers('booting')).toHaveLength(1)
    sim.bootAll()
    expect(sim.eventsOf('worker.replaced')).toMatchObject([{ cause: 'memory', worker: { slot: 2 } }])
    settle(sim)
    expect(sim.app().slots.every(({ restarts }) => restarts === 0)).toBe(true)
  })

  it('is not told again while it waits', () => {
    const sim = watched()
    for (let second = 0; second < 4; second += 1) {
      sim.advance(1_000)
      sample(sim, { 2: 510 + second })
    }
    expect(sim.eventsOf('watchdog.tripped')).toHaveLength(1)
  })

  it('goes without waiting where the action is kill, and is left alone where it is report', () => {
    const killing = watched({ action: 'kill' })
    sample(killing, { 1: 510 })
    expect(killing.workers('draining')).toEqual([2])

    const reporting = watched({ action: 'report' })
    sample(reporting, { 1: 510 })
    expect(reporting.eventsOf('watchdog.tripped')).toMatchObject([{ action: 'report' }])
    expect(reporting.workers('ready')).toHaveLength(4)
    expect(reporting.workers('booting')).toEqual([])
  })

  it('and so are all the others: one after the other, and never below the floor', () => {
    const sim = watched()
    sim.advance(10_000)
    for (let second = 0; second < 14 && sim.eventsOf('worker.replaced').length < 4; second += 1) {
      sample(sim, { 0: 510, 1: 510, 2: 510, 3: 510 })
      sim.advance(1_000)
      // Each boot takes a second, each drain two.
      sim.bootAll()
      expect(sim.workers('ready').length).toBeGreaterThanOrEqual(4)
      sim.advance(2_000)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    settle(sim)
    expect(sim.eventsOf('worker.replaced')).toHaveLength(4)
    expect(sim.workers('ready')).toHaveLength(4)
    expect(sim.app().slots.every(({ restarts }) => restarts === 0)).toBe(true)
  })

  it('whose replacement does not come goes after its patience, and counts as a crash', () => {
    const sim = watched({}, 2)
    sim.advance(10_000)
    sample(sim, { 0: 510 })
    sim.advance(4_999)
    expect(sim.workers('draining')).toEqual([])
    sim.advance(1)
    expect(sim.workers('draining')).toEqual([1])
  })
})

describe('a worker over its soft limit', () => {
  it('is replaced within the budget once it has been so for long enough', () => {
    const sim = watched()
    for (let second = 0; second < 7; second += 1) {
      expect(sim.eventsOf('worker.replacing')).toHaveLength(second > 5 ? 1 : 0)
      sim.advance(1_000)
      sample(sim, { 3: 450 })
    }
    settle(sim)
    expect(sim.eventsOf('worker.replaced')).toMatchObject([{ cause: 'memory', worker: { slot: 3 } }])
  })
})

describe('limits made of the container', () => {
  /** 1,200 MB for two workers and a surge: 400 for each, its limits at 320 and 368. */
  const shared = (heapMb: number | null = 400) => {
    const memory = { ...limits, softBytes: 320 * MB, hardBytes: 368 * MB, sharedBytes: 1_200 * MB, sustainMs: 1_000 }
    const watchdogs = { memory, cpu: null, eventLoop: null, hang: null }
    const heapLimitBytes = heapMb === null ? null : heapMb * MB
    const sim = simulate([appSettings({ instances: 2, watchdogs, heapLimitBytes } as never)])
    sim.bootAll()
    return sim
  }
  const scale = (sim: Simulation, count: number) => {
    sim.send({ type: 'scale.requested', app: 'web', to: { by: 'absolute', count }, request: 'r' })
    settle(sim)
  }
  const looks = (sim: Simulation, mb: number) => {
    for (let second = 0; second < 4; second += 1) {
      sample(sim, { 0: mb })
      sim.advance(1_000)
    }
    return sim.eventsOf('watchdog.tripped').map(({ limit }) => limit / MB)
  }
  const heaps = (sim: Simulation) =>
    sim.commands.flatMap((command) => (command.type === 'fork' ? [(command.settings.heapLimitBytes ?? 0) / MB] : []))

  it('shrink when workers are added, for those that run as well; new ones are started with the heap of their share', () => {
    const sim = shared()
    expect(looks(sim, 250)).toEqual([])
    scale(sim, 4)
    // 1,200 / 5 = 240.
    expect(looks(sim, 215)).toEqual([192])
    expect(heaps(sim).slice(0, 4)).toEqual([400, 400, 240, 240])
  })

  it('grow when workers go, but not over the heap that a worker was started with', () => {
    const sim = shared()
    scale(sim, 1)
    expect(looks(sim, 350)).toEqual([320])
    const free = shared(null)
    scale(free, 1)
    // 1,200 / 2 = 600.
    expect(looks(free, 350)).toEqual([])
    expect(looks(free, 500)).toEqual([480])
  })

  it('are none where so many workers have too little each, and come back with fewer', () => {
    const sim = shared()
    scale(sim, 8)
    expect(looks(sim, 1_000)).toEqual([])
    expect(heaps(sim).at(-1)).toBe(0)
    scale(sim, 2)
    expect(looks(sim, 1_000)).toContain(368)
  })

  it('that every new worker reaches at once are no leak: it is told, and replacing ends', () => {
    const sim = watched({ sharedBytes: 1_000 * MB, sustainMs: 1_000 }, 1)
    const all = (): void => {
      const samples = [...sim.alive.keys()].map((worker) => ({ worker, rssBytes: 450 * MB, cpuShare: null }))
      sim.send({ type: 'workers.sampled', samples })
    }
    for (let second = 0; second < 200; second += 1) {
      sim.advance(1_000)
      all()
      settle(sim)
    }
    expect(sim.eventsOf('worker.replaced').length).toBe(3)
    const told = sim.eventsOf('watchdog.tripped').at(-1)
    expect(told).toMatchObject({ action: 'report' })
    expect(told?.detail).toContain('watchdogs.memory')
  })
})

describe('a worker that uses too much CPU', () => {
  it.each<['replace' | 'report', replaced: number]>([
    ['report', 0],
    ['replace', 1],
  ])('for long enough: %s', (action, replaced) => {
    const watchdogs = { memory: null, cpu: { share: 0.9, sustainMs: 3_000, action }, eventLoop: null, hang: null }
    const sim = simulate([appSettings({ instances: 2, watchdogs } as never)])
    sim.bootAll()
    for (let second = 0; second < 10; second += 1) {
      sim.advance(1_000)
      sim.send({ type: 'workers.sampled', samples: [{ worker: 1, rssBytes: 1, cpuShare: second < 2 ? 0.9 : 1 }] })
      settle(sim)
    }
    expect(sim.eventsOf('watchdog.tripped')).toMatchObject([{ watchdog: 'cpu', action, measured: 1, limit: 0.9 }])
    expect(sim.eventsOf('worker.replaced')).toHaveLength(replaced)
  })
})

it('samples of workers that boot, leave or have gone change nothing', () => {
  const sim = watched()
  sim.send({ type: 'worker.exited', worker: 1, code: 1, signal: null, forkError: null, oomKilled: false })
  const samples = [1, 5, 99].map((worker) => ({ worker, rssBytes: 900 * MB, cpuShare: 4 }))
  sim.send({ type: 'workers.sampled', samples })
  expect(sim.eventsOf('watchdog.tripped')).toEqual([])
})
