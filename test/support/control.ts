// A control server on a socket of its own, and clients to it; closed after the test.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { type ControlClient, connectControl } from '../../src/control/client.ts'
import { type ControlServer, type ControlServerOptions, openControlServer } from '../../src/control/server.ts'
import { type FakePort, fakePort } from './fake-port.ts'
import { tempDir } from './temp-dir.ts'

export interface ServedPort {
  readonly port: FakePort
  readonly server: ControlServer
  readonly path: string
  client(): Promise<ControlClient>
}

export async function serve(
  port: FakePort = fakePort(),
  options: Partial<ControlServerOptions> = {},
): Promise<ServedPort> {
  const path = options.path ?? join(tempDir(), 'web.sock')
  const server = await openControlServer({ port, clock: systemClock, ...options, path })
  onTestFinished(() => server.close())
  return {
    port,
    server,
    path,
    client: async () => {
      const client = await connectControl(path)
      onTestFinished(() => client.close())
      return client
    },
  }
}

export interface RawConnection {
  readonly socket: Socket
  /** The next line that comes, parsed. */
  next(): Promise<unknown>
  readonly ended: Promise<void>
}

/** Says whatever bytes it is told to. */
export async function connectRaw(path: string): Promise<RawConnection> {
  const socket = connect(path)
  onTestFinished(() => void socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      const reader = waiting.shift()
      if (reader === undefined) lines.push(line)
      else reader(line)
    }
  })
  return {
    socket,
    next: () => {
      const line = lines.shift()
      const text = line === undefined ? new Promise<string>((resolve) => waiting.push(resolve)) : Promise.resolve(line)
      return text.then((one) => JSON.parse(one) as unknown)
    },
    ended: new Promise((resolve) => socket.once('close', () => resolve())),
  }
}
