import { expect, test } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.ts'
import { ResilError } from '../../../src/errors.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function problemsOf(config: object): Promise<string[]> {
  const cwd = tempDir({ 'app.js': '', 'resilience.config.json': JSON.stringify(config) })
  const cpus = { count: 2, reason: '2 CPUs' }
  const machine = { cpus, cpusByAffinity: cpus, memory: { limitBytes: null, reason: '' }, container: null }
  try {
    await resolveSettings({ flags: {}, env: {}, cwd, machine, nodeVersion: process.version } as never)
    return []
  } catch (error) {
    if (!(error instanceof ResilError)) throw error
    return [error.message, ...error.details]
  }
}

const asks = 'is empty and would do nothing: write http, tcp, exec or ipc, or leave it out'

test.each([
  [{ probes: { liveness: {} } }, `probes.liveness: ${asks}`],
  [{ probes: { startup: {} } }, `probes.startup: ${asks}`],
  [{ probes: { readiness: {} } }, `probes.readiness: ${asks}`],
  [{ hooks: { onCrash: {} } }, 'hooks.onCrash: is empty and would do nothing: write exec or webhook, or leave it out'],
  [
    { reload: { canary: {} } },
    'reload.canary: is empty and would do nothing: write instances, observe, maxErrorRate or maxLagP99, or leave it out',
  ],
  [{ recycle: {} }, 'recycle: is empty and would do nothing: write maxAge or maxRequests, or leave it out'],
])('%j is refused', async (settings, problem) => {
  expect(await problemsOf({ script: 'app.js', ...settings })).toEqual([`resilience.config.json: ${problem}`])
})

test('so it is in an app of a list, and in what all share', async () => {
  const apps = [{ name: 'web', script: 'app.js', probes: { liveness: {} } }]
  expect(await problemsOf({ probes: { readiness: {} }, apps })).toEqual([
    `resilience.config.json: probes.readiness: ${asks}`,
    `resilience.config.json: apps[0].probes.liveness: ${asks}`,
  ])
})

test.each([[{ probes: {} }], [{ hooks: {} }], [{ watchdogs: { memory: {} } }], [{ reload: {} }]])(
  '%j promises nothing, and is accepted',
  async (settings) => {
    expect(await problemsOf({ script: 'app.js', ...settings })).toEqual([])
  },
)
