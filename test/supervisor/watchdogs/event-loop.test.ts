import { describe, expect, it } from 'vitest'
import type { EventLoopLimits } from '../../../src/config/settings.ts'
import { freshEventLoop, watchEventLoop } from '../../../src/supervisor/watchdogs/event-loop.ts'
import { appSettings, simulate } from '../../support/simulation.ts'

type Beat = { readonly delayP99Ms: number; readonly utilization: number }

/** Beats a second apart; what trips, and when. */
function trips(beats: readonly Beat[], limits: Partial<EventLoopLimits>): [second: number, of: string][] {
  let watch = freshEventLoop
  const all: EventLoopLimits = { delayP99Ms: null, utilization: null, sustainMs: 3_000, action: 'replace', ...limits }
  return beats.flatMap((beat, second): [number, string][] => {
    const looked = watchEventLoop(watch, beat, all, second * 1_000)
    watch = looked.watch
    return looked.verdict === null ? [] : [[second, looked.verdict.of]]
  })
}

const well: Beat = { delayP99Ms: 2, utilization: 0.3 }
const laggy: Beat = { delayP99Ms: 400, utilization: 0.6 }
const full: Beat = { delayP99Ms: 40, utilization: 1 }

describe("a worker's event loop", () => {
  it.each<[name: string, beats: Beat[], limits: Partial<EventLoopLimits>, found: [number, string][]]>([
    ['that lags for long enough is found', Array(9).fill(laggy), { delayP99Ms: 200 }, [[3, 'delay']]],
    ['that is full for long enough is found', Array(9).fill(full), { utilization: 0.95 }, [[3, 'utilization']]],
    ['that lags now and then is not', [laggy, well, laggy, well, laggy, well, laggy], { delayP99Ms: 200 }, []],
    [
      'of each second counts by itself, not the average',
      [...Array(5).fill(well), ...Array(9).fill(laggy)],
      { delayP99Ms: 200 },
      [[8, 'delay']],
    ],
    ['without a limit is never too slow', Array(99).fill({ delayP99Ms: 9e9, utilization: 1 }), {}, []],
  ])('%s', (_name, beats, limits, found) => {
    expect(trips(beats, limits)).toEqual(found)
  })
})

it('a worker with a slow loop is told once, and replaced', () => {
  const eventLoop = { delayP99Ms: 200, utilization: null, sustainMs: 3_000, action: 'replace' }
  const sim = simulate([appSettings({ watchdogs: { memory: null, cpu: null, eventLoop, hang: null } } as never)])
  sim.bootAll()
  for (let second = 0; second < 6; second += 1) {
    sim.advance(1_000)
    sim.send({ type: 'worker.beat', worker: 2, heapUsed: 1, connections: 0, requests: 0, ...laggy })
  }
  expect(sim.eventsOf('watchdog.tripped')).toMatchObject([
    { watchdog: 'event-loop', measured: 400, limit: 200, unit: 'ms', worker: { slot: 1 } },
  ])
  sim.bootAll()
  expect(sim.eventsOf('worker.replaced')).toMatchObject([{ cause: 'lag', worker: { slot: 1 } }])
})
