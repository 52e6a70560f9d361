// Real socket.io clients on long polling: every request of a session must reach the worker that knows it.

import { Agent } from 'node:http'
import { io, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft, DEADLINE_MS, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

const CLIENTS = 12
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await assertNoProcessLeft()
})

/** Each from an address of its own: all of 127.0.0.0/8 is this machine. A new connection for every request, as behind a mobile network. */
function client(port: number, number: number): Socket {
  const agent = new Agent({ localAddress: `127.0.1.${number + 1}`, keepAlive: false })
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['polling'],
    // The type knows only the browser's string.
    agent: agent as never,
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  })
  sockets.push(socket)
  return socket
}

function once(socket: Socket, event: 'connect' | 'disconnect'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${DEADLINE_MS} ms`)), DEADLINE_MS)
    socket.once(event, (reason: unknown) => {
      clearTimeout(timer)
      resolve(reason)
    })
  })
}

/** The pid that answered. A session that ends meanwhile begins anew, and what it was asked is asked again. */
async function echo(socket: Socket, text: string): Promise<number> {
  for (;;) {
    await connected(socket)
    const ended = new Promise<null>((resolve) => socket.once('disconnect', () => resolve(null)))
    const answer = await Promise.race([socket.timeout(DEADLINE_MS).emitWithAck('echo', text), ended])
    if (answer === null) continue
    expect(answer.text).toBe(text)
    return answer.pid
  }
}

async function connected(socket: Socket): Promise<void> {
  if (!socket.connected) await once(socket, 'connect')
}

async function startChat(node: string, sticky: boolean): Promise<Service> {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({
      name: 'chat',
      script: fixture('socket-io.cjs'),
      instances: 4,
      sticky,
      ready: { minReady: 0 },
      shutdown: { deadline: '4s', killAfter: '500ms' },
    }),
  })
  const service = await startService(null, { node, cwd })
  await service.event('app.running')
  return service
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('sticky: long-polling clients of four workers keep theirs, reconnect after a kill -9 and after a reload', async () => {
    const service = await startChat(node, true)
    const clients = Array.from({ length: CLIENTS }, (_, number) => client(service.port, number))
    const rounds: number[][] = []
    for (const text of ['one', 'two', 'three']) {
      rounds.push(await Promise.all(clients.map((socket) => echo(socket, text))))
    }
    expect(rounds[1]).toEqual(rounds[0])
    expect(rounds[2]).toEqual(rounds[0])
    expect(new Set(rounds[0]).size).toBeGreaterThan(1)
    const ended = new Set<number>()
    for (const [number, socket] of clients.entries()) socket.on('disconnect', () => ended.add(number))

    const first = rounds[0] ?? []
    const [victim] = first
    const hit = first.flatMap((pid, number) => (pid === victim ? [number] : []))
    const left = hit.map((number) => once(clients[number] as Socket, 'disconnect'))
    process.kill(Number(victim), 'SIGKILL')
    await Promise.all(left)
    await service.event('worker.ready', ({ worker }) => worker.id === 5)
    const after = await Promise.all(clients.map((socket) => echo(socket, 'after the kill')))
    // Nobody else noticed.
    expect([...ended].sort()).toEqual(hit.sort())
    for (const [number, pid] of after.entries()) if (!hit.includes(number)) expect(pid).toBe(first[number])
    expect(after).not.toContain(victim)

    const gone = clients.map((socket) => once(socket, 'disconnect'))
    expect((await service.resil(['reload'])).code).toBe(0)
    await Promise.all(gone)
    const reloaded = await Promise.all(clients.map((socket) => echo(socket, 'after the reload')))
    for (const pid of reloaded) expect(after).not.toContain(pid)
    await service.stop()
  })

  it('without it, they fail', async () => {
    const service = await startChat(node, false)
    const socket = client(service.port, 0)
    const refused = await new Promise((resolve) => {
      socket.on('disconnect', resolve)
      socket.on('connect_error', resolve)
    })
    // 400: "Session ID unknown", said by a worker that does not know it.
    expect(String(refused)).toMatch(/transport error|xhr p(oll|ost) error/)
    await service.stop()
  })
})

it('sticky under the shared schedule is refused, with the reason', async () => {
  const cwd = tempDir({
    'resilience.config.json': JSON.stringify({ script: fixture('server.cjs'), sticky: true, schedule: 'shared' }),
  })
  const service = await startService(null, { cwd })
  expect((await service.exit).code).toBe(78)
  expect(service.stderr.join('\n')).toContain('sticky: needs schedule "round-robin"')
})
