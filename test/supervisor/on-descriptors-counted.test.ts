// Descriptors in the whole core: what is told, and who is replaced.

import { expect, it } from 'vitest'
import type { DescriptorLimits } from '../../src/config/settings.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

function watched(action: DescriptorLimits['action'] = 'auto'): Simulation {
  const descriptors = { share: 0.9, sustainMs: 10_000, action }
  const watchdogs = { memory: null, cpu: null, eventLoop: null, hang: null, descriptors }
  const sim = simulate([appSettings({ instances: 2, watchdogs })])
  sim.bootAll()
  return sim
}

function count(sim: Simulation, open: number, more: { missed?: number; mostly?: string } = {}): void {
  const { missed = 0, mostly = null } = more
  sim.send({ type: 'workers.descriptorsCounted', counts: [{ worker: 1, open, limit: 64, missed, mostly }] })
}

function beat(sim: Simulation, connections: number): void {
  sim.send({ type: 'worker.beat', worker: 1, heapUsed: 1, delayP99Ms: 1, utilization: 0, connections, requests: 0 })
}

it('a worker that runs out of them is replaced: a new one first', () => {
  const sim = watched()
  for (let look = 0; look < 3; look += 1) {
    count(sim, 60, { mostly: '90 % of them /var/log/app.log' })
    sim.advance(5_000)
  }
  expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
    {
      watchdog: 'descriptors',
      action: 'replace',
      measured: 60,
      limit: 64,
      detail: 'for 10 s; 90 % of them /var/log/app.log',
    },
  ])
  sim.bootAll()
  expect(sim.eventsOf('worker.replaced')).toMatchObject([{ cause: 'descriptors', worker: { id: 1 } }])
  expect(sim.eventsOf('app.degraded')).toEqual([])
})

it('one whose descriptors are connections keeps them, and it is told', () => {
  const sim = watched()
  beat(sim, 50)
  count(sim, 64, { missed: 2 })
  expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
    {
      action: 'report',
      detail: "2 connections did not reach it; 50 are its clients' connections, a new worker would have as many",
    },
  ])
  sim.bootAll()
  expect(sim.eventsOf('worker.replaced')).toEqual([])
})

it('kill ends it at once', () => {
  const sim = watched('kill')
  count(sim, 64, { missed: 1 })
  sim.advance(0)
  expect(sim.workers('draining').concat(sim.workers('killing'))).toEqual([1])
})

it('one that nobody watches is left alone', () => {
  const sim = simulate([appSettings({ instances: 2 })])
  sim.bootAll()
  count(sim, 64, { missed: 1 })
  expect(sim.eventsOf('watchdog.tripped')).toEqual([])
})

it('one that has descriptors to spare again is told as well', () => {
  const sim = watched('report')
  for (let look = 0; look < 3; look += 1) {
    count(sim, 60)
    sim.advance(5_000)
  }
  count(sim, 58)
  expect(sim.eventsOf('watchdog.calmed')).toEqual([])
  count(sim, 20)
  count(sim, 20)
  expect(sim.eventsOf('watchdog.calmed')).toMatchObject([{ watchdog: 'descriptors', worker: { id: 1 } }])
})
