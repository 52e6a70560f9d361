// A TCP client that does exactly what a test says, byte by byte, and waits for what comes back with a deadline.

import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

const DEADLINE_MS = 30_000

export interface RawClient {
  readonly socket: Socket
  /** All that has come, as latin1: one character per byte. */
  readonly received: string
  write(text: string | Buffer): void
  /** When `received` matches; fails when the server hangs up before. */
  until(pattern: RegExp): Promise<string>
  /** When the server has hung up: 'end', or the code of the error. */
  readonly closed: Promise<string>
  end(): void
}

export function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' })
  return clientOf(socket, 'connect')
}

/** TLS by a shared key, which needs no certificate; the options of a server that speaks it, as source text. */
export const tlsOptions = `{ ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.alloc(16, 7) }`
const tlsClientOptions = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: Buffer.alloc(16, 7), identity: 'test' }),
} as const

export function rawTlsClient(port: number): Promise<RawClient> {
  return clientOf(tlsSocket(port), 'secureConnect')
}

export const tlsSocket = (port: number, ALPNProtocols?: string[]): TLSSocket =>
  connectTls({ port, host: '127.0.0.1', ...tlsClientOptions, ...(ALPNProtocols && { ALPNProtocols }) })

/** A request without a body. */
export const get = (path = '/', headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`

/** `connected`: the event that says so. */
export async function clientOf(socket: Socket, connected: string): Promise<RawClient> {
  let received = ''
  let looks: (() => void)[] = []
  const look = () => {
    for (const each of looks) each()
  }
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    look()
  })
  const closed = new Promise<string>((resolve) => {
    let how = 'end'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message
    })
    socket.on('close', () => {
      resolve(how)
      look()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once(connected, () => resolve())
    socket.once('error', reject)
  })
  return {
    socket,
    get received() {
      return received
    },
    write: (text) => {
      socket.write(text)
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer)
          looks = looks.filter((each) => each !== mine)
          act()
        }
        const fail = (why: string) =>
          reject(new Error(`${why} before ${pattern}; received: ${JSON.stringify(received)}`))
        const mine = () => {
          if (pattern.test(received)) settle(() => resolve(received))
          else if (socket.closed) settle(() => fail('the server hung up'))
        }
        const timer = setTimeout(() => settle(() => fail(`${DEADLINE_MS} ms passed`)), DEADLINE_MS)
        looks.push(mine)
        mine()
      }),
    closed,
    end: () => {
      socket.end()
    },
  }
}
