// Releases behind a symbolic link, by the built CLI: a generation stays with the release that it began with, whatever the link
// points to meanwhile; a reload follows the link.

import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { deployed } from '../support/releases.ts'
import { startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

const config = { name: 'web', script: 'server.cjs', instances: 2, ready: { minReady: 0 } }

function release(name: string) {
  return {
    'resilience.config.json': JSON.stringify(config),
    'server.cjs': `
      const seen = { release: '${name}', main: require.main.filename, argv1: process.argv[1], cwd: process.cwd(), env: process.env.RESIL_ENTRY_NAME }
      require('node:http').createServer((_, response) => response.end(JSON.stringify({ pid: process.pid, ...seen })))
        .listen(Number(process.env.PORT), '127.0.0.1')`,
  }
}
const broken = { ...release('2'), 'server.cjs': 'throw new Error("broken release")' }

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a crash after a broken release was rolled back restarts the old release, though the link has moved', async () => {
    const { current, release: folder, switchTo } = deployed(release('1'), broken)
    const service = await startService(null, { node, cwd: current, env: { PWD: current } })
    await service.event('app.running')
    switchTo(2)
    const reload = await service.resil(['reload'])
    expect(reload.code).toBe(75)
    const { worker } = await service.event('worker.ready')
    process.kill(worker.pid ?? 0, 'SIGKILL')
    const back = await service.event(
      'worker.ready',
      ({ worker: other }) => other.slot === worker.slot && other.id > worker.id + 1,
    )
    expect(back.worker.generation).toBe(1)
    const answers = await Promise.all(Array.from({ length: 6 }, async () => JSON.parse(await service.get())))
    expect(answers.map(({ pid }) => pid)).toContain(back.worker.pid)
    for (const answer of answers) {
      // As plain node shows it: the entry by the name that was typed, the module and the folder by their real paths.
      expect(answer).toMatchObject({
        release: '1',
        main: join(folder(1), 'server.cjs'),
        argv1: join(current, 'server.cjs'),
        cwd: folder(1),
      })
      expect(answer).not.toHaveProperty('env')
    }
    await service.stop()
  })

  it('a reload follows the link, from the folder that the shell stands in or by the name of the config', async () => {
    for (const from of ['cwd', 'config'] as const) {
      const { current, release: folder, switchTo } = deployed(release('1'), release('2'))
      const service = await startService(
        null,
        from === 'cwd'
          ? { node, cwd: current, env: { PWD: current } }
          : { node, args: ['-c', join(current, 'resilience.config.json')] },
      )
      await service.event('app.running')
      switchTo(2)
      // What the link pointed to before says nothing any more.
      expect((await service.resil(['reload', 'web'])).code).toBe(0)
      expect(JSON.parse(await service.get())).toMatchObject({ release: '2', cwd: folder(2) })
      await service.stop()
    }
  })

  it('a crash restarts the release that runs, not the one that the link points to', async () => {
    const { current, switchTo } = deployed(release('1'), release('2'))
    const service = await startService(null, { node, cwd: current, env: { PWD: current }, args: ['-w', '1'] })
    const { worker } = await service.event('worker.ready')
    switchTo(2)
    process.kill(worker.pid ?? 0, 'SIGKILL')
    await service.event('worker.ready', ({ worker: { id } }) => id !== worker.id)
    expect(JSON.parse(await service.get()).release).toBe('1')
    await service.stop()
  })
})
