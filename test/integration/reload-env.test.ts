// Which environment new workers get, by the built CLI.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, runCli, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it("is the supervisor's own under config and envFile, until --update-env brings the shell's; and it is never logged", async () => {
    const cwd = tempDir({ '.env': 'FROM_FILE=1\nGONE=1\n' })
    const config = {
      name: 'web',
      script: fixture('report.cjs'),
      instances: 1,
      envFile: '.env',
      env: { OF_CONFIG: 'yes' },
      ready: { minReady: 0 },
    }
    writeFileSync(join(cwd, 'resilience.config.json'), JSON.stringify(config))
    const service = await startService(null, { cwd, node, env: { STAGE: 'at-start', ONLY_AT_START: '1' } })
    await service.event('app.running')
    const seen = async () => JSON.parse(await service.get()).env
    const before = await seen()
    expect(before).toMatchObject({ STAGE: 'at-start', FROM_FILE: '1', GONE: '1', OF_CONFIG: 'yes' })

    const shell = {
      ...service.env,
      ONLY_AT_START: undefined,
      STAGE: 'of-the-shell',
      SHELL_SECRET: 'hunter2',
      OF_CONFIG: 'no',
      PORT: String(service.port),
    }
    const reload = (...args: string[]) => runCli(['reload', ...args], { cwd, node, env: shell })

    writeFileSync(join(cwd, '.env'), 'FROM_FILE=2\n')
    expect((await reload()).stdout).toContain('  env: − GONE, ~ FROM_FILE\n')
    const reread = await seen()
    expect(reread).toMatchObject({ STAGE: 'at-start', ONLY_AT_START: '1', FROM_FILE: '2' })
    expect(reread).not.toHaveProperty('GONE')
    expect(reread).not.toHaveProperty('SHELL_SECRET')

    const dry = await reload('--update-env', '--dry-run')
    expect(dry.stdout).toContain('  env: + SHELL_SECRET, − ONLY_AT_START, ~ STAGE\n')
    expect((await reload('--update-env')).code).toBe(0)
    const updated = await seen()
    expect(updated).toMatchObject({ STAGE: 'of-the-shell', SHELL_SECRET: 'hunter2', FROM_FILE: '2', OF_CONFIG: 'yes' })
    expect(updated).not.toHaveProperty('ONLY_AT_START')

    // It stays: for what crashes, and for reloads without the flag.
    const { worker } = service.events('worker.ready').at(-1) ?? { worker: null }
    process.kill(worker?.pid ?? 0, 'SIGKILL')
    await service.event('worker.ready', ({ worker: { id } }) => id === (worker?.id ?? 0) + 1)
    expect(await seen()).toMatchObject({ STAGE: 'of-the-shell' })
    expect((await runCli(['reload'], { cwd, node, env: service.env })).code).toBe(0)
    expect(await seen()).toMatchObject({ STAGE: 'of-the-shell', SHELL_SECRET: 'hunter2' })

    const huge = await runCli(['reload', '--update-env'], {
      cwd,
      node,
      env: { ...shell, HUGE: 'hunter2'.repeat(10_000) },
    })
    expect(huge.code).toBe(64)
    expect(huge.stderr).toContain('the largest variable is HUGE (70000 bytes)')
    await service.stop()
    expect(`${service.lines.join('\n')}${dry.stdout}${huge.stderr}`).not.toContain('hunter2')
  })
})
