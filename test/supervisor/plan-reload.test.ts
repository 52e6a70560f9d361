import { describe, expect, it } from 'vitest'
import type { AppSettings } from '../../src/config/settings.ts'
import { planReload } from '../../src/supervisor/plan-reload.ts'
import { appSettings, type Simulation, simulate } from '../support/simulation.ts'

const plan = (sim: Simulation, settings: AppSettings, allowPortChange = false) =>
  planReload(sim.app(), settings, { allowPortChange, refusal: null, canary: null })

function running(settings: AppSettings, bootMs = 400): Simulation {
  const sim = simulate([settings])
  sim.advance(bootMs)
  sim.bootAll()
  return sim
}

describe('the plan of a reload', () => {
  it('names each slot with its worker, the ports, the floor, and how long the last boots took', () => {
    const settings = appSettings({ instances: 2 })
    expect(plan(running(settings), settings)).toEqual({
      app: 'web',
      generation: { from: 1, to: 2 },
      refusal: null,
      slots: [
        { slot: 0, action: 'replace', pid: 1001, bootMs: 400 },
        { slot: 1, action: 'replace', pid: 1002, bootMs: 400 },
      ],
      surge: 1,
      maxUnavailable: 0,
      floor: 2,
      rollback: true,
      canary: null,
      endpoints: ['3000'],
      expectedMs: 2 * (400 + 1_000),
      drainDeadlineMs: 25_000,
    })
  })

  it.each<[string, Parameters<typeof appSettings>[0], number]>([
    ['two at a time', { reload: { surge: 2 } }, 2 * 1_400],
    ['a wait in between', { reload: { cooldownMs: 5_000 } }, 3 * 1_400 + 2 * 5_000],
    ['no wait for survival', { ready: { minReadyMs: 0 } }, 3 * 400],
  ])('expects as long as it takes with %s', (_, change, expectedMs) => {
    const sim = running(appSettings({ instances: 3 }))
    expect(plan(sim, appSettings({ instances: 3, ...change }))).toMatchObject({ expectedMs })
  })

  it('keeps to what the reload then does, boot by boot', () => {
    const settings = appSettings({ instances: 3 })
    const sim = running(settings)
    const { expectedMs } = plan(sim, settings)
    sim.send({ type: 'reload.requested', app: 'web', request: 'r', settings: null })
    for (let slot = 0; slot < 3; slot += 1) {
      sim.advance(400)
      sim.bootAll()
      sim.advance(1_000)
      for (const id of sim.workers('draining')) sim.exit(id, { code: 0 })
    }
    expect(sim.eventsOf('reload.finished')).toMatchObject([{ tookMs: expectedMs }])
  })

  it('shows slots that come, go, and stay stopped', () => {
    const sim = running(appSettings({ instances: 3 }))
    sim.send({ type: 'stop.requested', app: 'web', slot: 1, cause: 'request', force: false })
    const actions = (instances: number) => plan(sim, appSettings({ instances })).slots.map(({ action }) => action)
    expect(actions(4)).toEqual(['replace', 'leave', 'replace', 'start'])
    expect(actions(2)).toEqual(['replace', 'leave', 'remove'])
  })

  it('asks for no ports where their change is allowed, and knows no time before a boot', () => {
    const settings = appSettings()
    expect(plan(running(settings), settings, true).endpoints).toEqual([])
    expect(plan(simulate([settings]), settings).expectedMs).toBeNull()
  })
})
