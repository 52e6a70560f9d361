// Connections around a crash of the only worker: nobody is refused while a replacement is due, nobody waits for one that is not.

import { rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

function getBySocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: '/', agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => resolve(body))
    })
    request.on('error', reject)
  })
}

/** The next worker boots when the test lets it: by then they have come. */
async function untilWaiting(service: Service, connections: number): Promise<void> {
  await expect.poll(async () => (await service.status()).supervisor.connections.waiting).toBe(connections)
}

describe.each(nodesUnderTest)('on Node $version', ({ path: node }) => {
  it('a Unix socket stays open while its only worker is replaced', async () => {
    const socket = join(tempDir(), 'app.sock')
    const go = join(tempDir({ go: '' }), 'go')
    const service = await startService(fixture('waits-for-file.cjs'), {
      node,
      args: ['-w', '1'],
      env: { SOCKET_PATH: socket, WAIT_FOR: go },
    })
    await service.event('app.running')
    const pid = Number(await getBySocket(socket))
    rmSync(go)
    process.kill(pid, 'SIGKILL')
    await service.event('worker.exited')
    const answer = getBySocket(socket)
    await untilWaiting(service, 1)
    writeFileSync(go, '')
    expect(Number(await answer)).not.toBe(pid)
    await service.stop()
  })

  it('connections wait through a backoff and a boot, are answered by the next worker, and counted', async () => {
    const go = join(tempDir({ go: '' }), 'go')
    const cwd = tempDir({
      'resilience.config.json': JSON.stringify({
        name: 'one',
        script: fixture('waits-for-file.cjs'),
        instances: 1,
        env: { WAIT_FOR: go },
        restart: { backoff: { initial: 300, jitter: 0 } },
      }),
    })
    const service = await startService(null, { node, cwd })
    await service.event('app.running')
    for (let crash = 0; crash < 2; crash += 1) {
      const pid = Number(await service.get())
      rmSync(go)
      process.kill(pid, 'SIGKILL')
      await service.event('worker.exited', ({ worker }) => worker.pid === pid)
      const answers = Array.from({ length: 5 }, () => service.get())
      await untilWaiting(service, 5)
      writeFileSync(go, '')
      for (const answer of await Promise.all(answers)) expect(Number(answer)).not.toBe(pid)
    }
    expect((await service.status()).supervisor.connections).toMatchObject({ held: 10, dropped: 0, waiting: 0 })
    await service.stop()
  })
})

it('the port is refused when no replacement is due soon: health checks see the truth', async () => {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      name: 'held',
      script: fixture('server.cjs'),
      instances: 1,
      restart: { window: { maxRestarts: 0 }, onExhausted: 'hold' },
    }),
  })
  const service = await startService(null, { cwd })
  await service.event('app.running')
  process.kill(JSON.parse(await service.get()).pid, 'SIGKILL')
  await service.event('gate.opened')
  const refused = await new Promise((resolve) => {
    const ask = (): void => {
      const socket = connect(service.port, '127.0.0.1')
      // The door is looked at ten times a second: until then it takes the connection, and closes it with itself.
      socket.on('close', ask)
      socket.on('error', (error: NodeJS.ErrnoException) => {
        socket.removeAllListeners('close')
        resolve(error.code)
      })
    }
    ask()
  })
  expect(['ECONNREFUSED', 'ECONNRESET']).toContain(refused)
  await service.stop()
})
