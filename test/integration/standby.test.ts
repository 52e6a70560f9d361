// A standby takes the place of a worker that crashes, without a boot in between, by the built CLI.

import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { fixture, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

describe.each(nodesUnderTest)('on Node $version', ({ path: node }) => {
  it('answers for the only worker that was killed, before another could have booted, and is replaced', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '1', '--standby', '1'] })
    await service.event('worker.standing')
    const killed = JSON.parse(await service.get()).pid
    process.kill(killed, 'SIGKILL')
    await service.event('worker.exited', ({ worker }) => worker.pid === killed)
    const { worker } = await service.event('worker.promoted')
    expect(JSON.parse(await service.get()).pid).toBe(worker.pid)
    const ready = await service.event('worker.ready', (event) => event.worker.pid === worker.pid)
    // What a boot takes was paid before the kill: it is the one that stood by.
    expect(ready.worker.id).toBe(service.events('worker.standing')[0]?.worker.id)
    await service.event('worker.standing', (event) => event.worker.pid !== worker.pid)
    const [app] = (await service.status()).apps
    expect(app).toMatchObject({ restarts: 1, ready: 1, standby: { standing: 1, wanted: 1, refused: null } })
    expect(app?.workers.map(({ slot, state }) => [slot, state])).toEqual([
      [0, 'ready'],
      [-1, 'standby'],
    ])
    const { stdout } = await service.resil(['status'])
    expect(stdout).toMatch(/1 standing by/)
    expect(await service.stop()).toEqual({ code: 0, signal: null })
  })

  it('keeps the service up while its workers are killed again and again: nobody is refused or left waiting', async () => {
    const service = await startService(fixture('server.cjs'), {
      node,
      args: ['-w', '1', '--standby', '1'],
      env: {
        RESIL_RESTART_WINDOW_MAX_RESTARTS: '1000',
        RESIL_RESTART_STORM_MAX: '1000',
        RESIL_RESTART_BACKOFF_MAX: '1ms',
        RESIL_RESTART_BACKOFF_INITIAL: '1ms',
      },
    })
    for (let kill = 0; kill < 6; kill += 1) {
      await service.event('worker.standing', () => service.events('worker.standing').length > kill)
      const { pid } = JSON.parse(await service.get())
      process.kill(pid, 'SIGKILL')
      // At once: it may still be accepted by the dead worker's port.
      const answers = await Promise.all([service.get(), service.get(), service.get()])
      for (const answer of answers) expect(JSON.parse(answer).pid).not.toBe(pid)
    }
    expect((await service.status()).supervisor.connections.dropped).toBe(0)
    await service.stop()
  })

  it('is of the new release after a reload', async () => {
    const service = await startService(fixture('server.cjs'), { node, args: ['-w', '1', '--standby', '1'] })
    const { worker: old } = await service.event('worker.standing')
    const { code } = await service.resil(['reload'])
    expect(code).toBe(0)
    const { worker } = await service.event('worker.standing', (event) => event.worker.id !== old.id)
    expect(worker.generation).toBe(2)
    await service.event('worker.exited', (event) => event.worker.id === old.id)
    await service.stop()
  })
})

it('is refused to an app that never listens, in words', async () => {
  const service = await startService(fixture('quiet.cjs'), {
    args: ['-w', '1', '--standby', '1'],
    env: { RESIL_READY_ON: 'started' },
  })
  await service.event('app.standbyRefused', ({ reason }) => reason === 'never-listens')
  expect((await service.status()).apps[0]?.standby).toEqual({ standing: 0, wanted: 1, refused: 'never-listens' })
  await service.stop()
})
