// A reload that tries the new release on one worker first, under load, by the built CLI.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { type ConfiguredApp, startConfigured } from '../support/configured-app.ts'
import { edgeNodes } from '../support/node-versions.ts'

afterEach(() => assertNoProcessLeft())

const reload = { canary: { instances: 1, observe: '2s', maxErrorRate: 0.05 } }

/** Runs `during` under a steady load, about a hundred requests a second; a crashed worker's own requests may fail. */
async function underLoad<Result>({ service }: ConfiguredApp, during: () => Promise<Result>): Promise<Result> {
  let asking = true
  const client = async () => {
    while (asking) {
      await service.get().catch(() => null)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const clients = [client(), client()]
  try {
    return await during()
  } finally {
    asking = false
    await Promise.all(clients)
  }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('that does as well as the old one lets the others follow, with its numbers in the verdict', async () => {
    const app = await startConfigured({ env: { RELEASE: 'one' }, instances: 3 }, node)
    const { service, configure, releases } = app
    configure({ env: { RELEASE: 'two' }, instances: 3, reload })
    const plan = await service.resil(['reload', '--dry-run'])
    expect(plan.stdout).toContain('  canary: 1 worker first, watched for 2 s before the others follow\n')
    const { code, stdout } = await underLoad(app, () => service.resil(['reload', '--json']))
    expect(code).toBe(0)
    // One was tried; the others were forked when it had passed.
    const told = service.lines.flatMap((line) => /"type":"(reload.canaryPassed|worker.forked)"/.exec(line)?.[1] ?? [])
    expect(told.slice(3)).toEqual(['worker.forked', 'reload.canaryPassed', 'worker.forked', 'worker.forked'])
    const [verdict] = JSON.parse(stdout).verdicts
    expect(verdict).toMatchObject({
      outcome: 'finished',
      canary: { because: null, fresh: { failed: 0 }, old: { failed: 0 } },
    })
    expect(verdict.canary.fresh.answered).toBeGreaterThan(0)
    expect(verdict.canary.old.answered).toBeGreaterThan(0)
    expect(verdict.tookMs).toBeGreaterThan(2_000)
    expect(await releases()).toEqual(['two'])
    await service.stop()
    expect(service.events('invariant.violated')).toEqual([])
  })

  it('that answers with errors is rolled back before its time is up, with the numbers of both', async () => {
    const app = await startConfigured({ env: { RELEASE: 'one' }, instances: 3, reload }, node)
    const { service, configure, releases } = app
    configure({
      env: { RELEASE: 'two', FAILS: 'yes' },
      instances: 3,
      reload: { canary: { ...reload.canary, observe: '1m' } },
    })
    const { code, stdout } = await underLoad(app, () => service.resil(['reload']))
    expect(code).toBe(75)
    expect(stdout).toMatch(
      /^web: reload to generation 2 failed and was rolled back, the old one serves on: the new release failed \d+ of \d+ requests \(100 %\), the old one none of \d+ requests; reload.canary.maxErrorRate is 5 %\n/,
    )
    expect(await releases()).toEqual(['one'])
    await service.stop()
  })

  it('that crashes is rolled back; --canary asks for one where the config does not', async () => {
    const app = await startConfigured({ env: { RELEASE: 'one' } }, node)
    const { service, configure, releases } = app
    configure({ env: { RELEASE: 'two' } })
    const pending = service.resil(['reload', '--canary', '1', '--json'])
    await service.event('reload.canaryStarted', ({ slots, observeMs }) => slots.length === 1 && observeMs === 60_000)
    const tried = (await service.status()).apps[0]?.workers.find(
      ({ generation, state }) => generation === 2 && state === 'ready',
    )
    process.kill(tried?.pid ?? 0, 'SIGKILL')
    const { code, stdout } = await pending
    expect(code).toBe(75)
    expect(JSON.parse(stdout).verdicts).toMatchObject([
      { outcome: 'rolled-back', failure: { slot: tried?.slot, reason: 'signal', exit: { signal: 'SIGKILL' } } },
    ])
    expect(await releases()).toEqual(['one'])
    expect((await service.resil(['reload', '--canary', '0'])).code).toBe(0)
    expect(await releases()).toEqual(['two'])
    await service.stop()
  })
})
