// What a reload would do, what it changes, and what it can't; by the built CLI.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { startConfigured } from '../support/configured-app.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('--dry-run shows the plan and the differences, and does nothing; the reload then says the same in short', async () => {
    const { service, configure, releases } = await startConfigured(
      { env: { RELEASE: 'one', SECRET: 'old-password' }, shutdown: { deadline: '25s' } },
      node,
    )
    configure({
      env: { RELEASE: 'two', NEW: 'new-password' },
      shutdown: { deadline: '30s' },
      log: { level: 'debug', maxFiles: 9 },
      schedule: 'shared',
    })
    const { code, stdout } = await service.resil(['reload', '--dry-run'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^web: a reload from generation 1 to 2 would do this; nothing has been done\n/)
    expect(stdout).toMatch(/ {2}web:0 {2}replaced {2}pid \d+, booted in \d+/)
    expect(stdout).toContain(`  new workers must listen on ${service.port}\n`)
    expect(stdout).toContain('  setting: shutdown.deadline 25s → 30s\n')
    expect(stdout).toContain('  env: + NEW, − SECRET, ~ RELEASE\n')
    expect(stdout).toContain('needs a restart of resil: schedule round-robin → shared, log.maxFiles 5 → 9\n')
    expect(stdout).not.toContain('password')
    expect(await releases()).toEqual(['one'])
    expect(service.events('reload.started')).toEqual([])

    const json = JSON.parse((await service.resil(['reload', '--dry-run', '--json'])).stdout)
    expect(json).toMatchObject({
      plans: [{ app: 'web', generation: { from: 1, to: 2 }, floor: 2, changes: { env: { added: ['NEW'] } } }],
      notApplied: [{ key: 'schedule' }, { key: 'log.maxFiles', from: '5', to: '9' }],
    })

    const reload = await service.resil(['reload'])
    expect(reload.code).toBe(0)
    expect(reload.stdout).toContain('  changed: shutdown.deadline 25s → 30s\n  env: + NEW, − SECRET, ~ RELEASE\n')
    expect(reload.stdout).toContain('needs a restart of resil: schedule round-robin → shared')
    expect(await releases()).toEqual(['two'])
    const again = await service.resil(['reload', '--dry-run'])
    expect(again.stdout).toContain('  settings and env: no change\n')
    await service.stop()
  })

  it('a wrong config is told as by a start, and a dry run fails with 78 too', async () => {
    const { service, cwd, configure, releases } = await startConfigured({ env: { RELEASE: 'one' } }, node)
    rmSync(join(cwd, 'resilience.config.json'))
    const gone = await service.resil(['reload'])
    expect(gone.code).toBe(78)
    expect(gone.stderr).toContain('resilience.config.json is gone: put it back, then reload')
    configure({ instances: -1 })
    for (const args of [['reload', '--dry-run'], ['reload']]) {
      const { code, stderr } = await service.resil(args)
      expect(code).toBe(78)
      expect(stderr).toContain('resilience.config.json: instances: ')
    }
    expect(await releases()).toEqual(['one'])
    await service.stop()
  })

  it('apps that are gone from the config run on and apps that are new wait, and both are told', async () => {
    const cwd = tempDir()
    const app = (name: string) => ({
      name,
      script: fixture('quiet.cjs'),
      instances: 1,
      ready: { on: 'started', minReady: 0 },
    })
    const configure = (...names: string[]) =>
      writeFileSync(join(cwd, 'resilience.config.json'), JSON.stringify({ name: 'shop', apps: names.map(app) }))
    configure('web', 'jobs')
    const service = await startService(null, { cwd, node })
    await service.event('app.running', (event) => event.app === 'jobs')
    await service.event('app.running', (event) => event.app === 'web')
    configure('web', 'cron')
    const reload = await service.resil(['reload', '--json'])
    expect(reload.code).toBe(0)
    expect(JSON.parse(reload.stdout)).toMatchObject({
      verdicts: [{ app: 'web', outcome: 'finished' }],
      notApplied: [
        { key: 'apps', from: 'jobs', to: null },
        { key: 'apps', from: null, to: 'cron' },
      ],
    })
    expect((await service.resil(['reload', 'jobs'])).code).toBe(78)
    const [, jobs] = (await service.status()).apps
    expect(jobs).toMatchObject({ name: 'jobs', state: 'running', generation: 1 })
    // SIGHUP has nobody to tell it to but the log.
    process.kill(service.pid, 'SIGHUP')
    await service.event('supervisor.warned', ({ message }) =>
      message.includes('apps − jobs (it runs on as it is), apps + cron'),
    )
    await service.event('reload.finished', ({ request }) => request === 'SIGHUP-web')
    await service.stop()
  })
})
