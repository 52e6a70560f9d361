// A worker that runs out of file descriptors without a word: it catches what it can't open, and no connection reaches it any more.
// The built CLI under a low limit, which the workers inherit.

import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, runCli } from '../../support/cli.ts'
import { until } from '../../support/door-under-test.ts'
import { nodeWithDescriptors } from '../../support/limited-node.ts'
import { edgeNodes } from '../../support/node-versions.ts'
import { fixture, startService } from '../../support/service.ts'
import { tempDir } from '../../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

describe.each(edgeNodes)('on Node $version', ({ path }) => {
  it('its clients are answered by the others, it is replaced, and why says what filled it', async () => {
    const node = nodeWithDescriptors(100, path)
    const cwd = tempDir({
      'resilience.config.json': JSON.stringify({ name: 'web', script: fixture('hoards.cjs'), instances: 2 }),
    })
    const service = await startService(null, { node, cwd })
    expect(await service.event('supervisor.warned')).toMatchObject({
      message: expect.stringContaining('no process may have more than 100 files open'),
    })
    await service.event('app.running')
    const full = Number(await service.get('/hoard'))
    await until(() => readdirSync(`/proc/${full}/fd`).length >= 100, 'it has no descriptor left')
    const answers: string[] = []
    for (let i = 0; i < 10; i += 1) answers.push(await service.get())
    expect(answers).not.toContain(String(full))
    expect(await service.event('watchdog.tripped')).toMatchObject({
      watchdog: 'descriptors',
      action: 'replace',
      worker: { pid: full },
      limit: 100,
      detail: expect.stringMatching(/^\d+ connections? did not reach it; \d+ % of them .*hoards\.cjs$/),
    })
    expect(await service.event('worker.replaced')).toMatchObject({ cause: 'descriptors', worker: { pid: full } })
    // Neither the app nor resil's agent in it died of what it could not open.
    expect(service.events('worker.exited').map(({ exit }) => exit.kind)).not.toContain('code')
    const { stdout } = await service.resil(['why'])
    expect(stdout).toContain('fd-exhaustion of web')
    expect(stdout).toContain('runs out of file descriptors')
    await service.stop()
  })

  it('with too few to start at all, it says how many there are and how to raise them', async () => {
    const { code, stderr } = await runCli(['start', fixture('server.cjs')], { node: nodeWithDescriptors(24, path) })
    expect(code).toBe(1)
    // How far it comes depends on how this Node loads modules: to its first lines, or to a fork.
    expect(stderr).toMatch(/this process may have 24 files open at once|no process may have more than 24 files open/)
    expect(stderr).toContain('LimitNOFILE=')
    expect(stderr).not.toContain('internal error')
    expect(stderr).not.toContain('this Node hides')
  })
})
