import { expect, it } from 'vitest'
import { step } from '../../src/supervisor/step.ts'
import { appSettings, simulate } from '../support/simulation.ts'

it('a replacement that has grown old while it waited for its turn is marked in the very step in which it takes over', () => {
  const recycle = { maxAgeMs: 60_000, maxRequests: null, jitter: 0, minLifeMs: 10_000 }
  const sim = simulate([appSettings({ instances: 1, recycle, reload: { surge: 1 } })])
  sim.bootAll()
  const first = sim.workers('ready')[0] as number
  sim.advance(60_000)
  const second = sim.workers('booting')[0] as number
  // It is ready only when it is old itself.
  sim.advance(29_000)
  sim.listen(second)
  sim.exit(first, { code: 0 })
  sim.advance(60_000)
  const again = step(sim.state, { type: 'tick' }, sim.now)
  expect(again.state.apps).toEqual(sim.state.apps)
})
