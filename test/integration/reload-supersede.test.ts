// A second reload or restart while one is under way, a reload that is not to be rolled back, and what might hold one up for ever;
// by the built CLI.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, runCli } from '../support/cli.ts'
import { startConfigured } from '../support/configured-app.ts'
import { edgeNodes } from '../support/node-versions.ts'

afterEach(() => assertNoProcessLeft())

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a second reload is refused with the id of the first; with --supersede it takes its place', async () => {
    const { service, cwd, configure, releases } = await startConfigured({ env: { RELEASE: 'one' } }, node)
    configure({ env: { RELEASE: 'two', WAIT_FOR: join(cwd, 'never') } })
    const first = service.resil(['reload', '--json'])
    const { request } = await service.event('reload.started')
    const second = await service.resil(['reload'])
    expect(second.code).toBe(75)
    expect(second.stdout).toBe(
      `web: reload refused: a reload (${request}) is running; wait for it, or add --supersede\n`,
    )
    configure({ env: { RELEASE: 'three' } })
    expect((await service.resil(['reload', '--supersede'])).code).toBe(0)
    const superseded = await first
    expect(superseded.code).toBe(75)
    expect(JSON.parse(superseded.stdout).verdicts).toMatchObject([{ request, generation: 2, outcome: 'superseded' }])
    expect(await releases()).toEqual(['three'])
    const [web] = (await service.status()).apps
    expect(web).toMatchObject({ generation: 3, ready: 2, state: 'running' })
    expect(web?.workers.map(({ generation }) => generation)).toEqual([3, 3])
    await service.stop()
    expect(service.events('invariant.violated')).toEqual([])
  })

  it('a restart with --supersede ends a reload and leaves the release that worked', async () => {
    const { service, cwd, configure, releases } = await startConfigured({ env: { RELEASE: 'one' } }, node)
    configure({ env: { RELEASE: 'two', WAIT_FOR: join(cwd, 'never') } })
    const first = service.resil(['reload'])
    await service.event('reload.started')
    expect((await service.resil(['restart'])).code).toBe(75)
    expect((await service.resil(['restart', '--supersede'])).code).toBe(0)
    expect((await first).stdout).toContain('a restart takes its place')
    expect(await releases()).toEqual(['one'])
    await service.stop()
  })

  it('without rollback it stops at the first failure, and each generation comes back as itself', async () => {
    const { service, cwd, configure, releases } = await startConfigured({ env: { RELEASE: 'one' } }, node)
    const env = { RELEASE: 'two', ONCE: join(cwd, 'booted') }
    configure({ env, reload: { rollback: false } })
    const reload = await service.resil(['reload', '--json'])
    expect(reload.code).toBe(75)
    expect(JSON.parse(reload.stdout).verdicts).toMatchObject([
      {
        outcome: 'halted',
        slots: [
          { slot: 0, outcome: 'replaced' },
          { slot: 1, outcome: 'failed' },
        ],
        failure: { slot: 1, reason: 'boot-failure' },
      },
    ])
    expect(await releases()).toEqual(['one', 'two'])
    const old = (await service.status()).apps[0]?.workers.find(({ slot }) => slot === 1)
    process.kill(old?.pid ?? 0, 'SIGKILL')
    const back = await service.event(
      'worker.ready',
      ({ worker }) => worker.slot === 1 && worker.pid !== old?.pid && worker.id > (old?.id ?? 0),
    )
    expect(back.worker.generation).toBe(1)
    expect(await releases()).toEqual(['one', 'two'])
    configure({ env: { RELEASE: 'three' } })
    expect((await service.resil(['reload'])).code).toBe(0)
    expect(await releases()).toEqual(['three'])
    await service.stop()
  })

  it('a new worker whose event loop stops turns its reload back, though watchdogs only report that', async () => {
    const settings = {
      reload: { cooldown: '5m' },
      shutdown: { deadline: '500ms' },
      watchdogs: { hang: { suspectAfter: '1.5s', replaceAfter: '2s', action: 'report', evidence: 'none' } },
    }
    const { service, cwd, configure, releases } = await startConfigured({ ...settings, env: { RELEASE: 'one' } }, node)
    const file = join(cwd, 'block')
    configure({ ...settings, env: { RELEASE: 'two', BLOCK_AT: file } })
    const reload = runCli(['reload'], { cwd, env: service.env, node, deadlineMs: 60_000 })
    const { pid } = await service.event('reload.slotReplaced')
    // One that has never been heard of has more time: as long as a boot.
    const isHeard = async () =>
      (await service.status()).apps[0]?.workers.some((worker) => worker.pid === pid && worker.heapUsed !== null)
    await expect.poll(isHeard).toBe(true)
    writeFileSync(file, '')
    const { code, stdout } = await reload
    expect(code).toBe(75)
    expect(stdout).toContain(
      'web: reload to generation 2 failed and was rolled back, the old one serves on: the event loop of web:0 does not turn\n',
    )
    expect(await releases()).toEqual(['one'])
    await service.stop()
  })

  it('a release that mends a crash loop gets through, though the old one is behind gates that hold', async () => {
    const settings = { restart: { window: { maxRestarts: 0 }, onExhausted: 'hold' } }
    const { service, cwd, configure, releases } = await startConfigured({ ...settings, env: { RELEASE: 'one' } }, node)
    const file = join(cwd, 'go')
    configure({ ...settings, env: { RELEASE: 'two', WAIT_FOR: file } })
    const reload = service.resil(['reload'])
    await service.event('reload.started')
    for (const { pid } of (await service.status()).apps[0]?.workers ?? [])
      if (service.events('worker.ready').some(({ worker }) => worker.pid === pid)) process.kill(pid ?? 0, 'SIGKILL')
    for (const slot of [0, 1]) await service.event('gate.opened', (gate) => gate.slot === slot)
    writeFileSync(file, '')
    expect((await reload).stdout).toContain('web: reloaded, generation 2')
    expect(await releases()).toEqual(['two'])
    await service.stop()
  })
})
