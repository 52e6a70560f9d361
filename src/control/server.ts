// The supervisor's end of the control socket: owns the listening socket and all connections. What a connection does with
// its lines is connection.ts; what an operation does, operations.ts.

import { mkdirSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import { ResilError } from '../errors.ts'
import type { SupervisorEvent } from '../events/family/supervisor.ts'
import { claimSocket, isSame, statOf } from './claim-socket.ts'
import { type Connection, serveConnection } from './connection.ts'
import type { ControlPort } from './port.ts'
import { explicitSocketPath } from './socket-path.ts'

/** Commands come one at a time; a hundred open connections are a leak somewhere, and must not take all descriptors. */
const MAX_CONNECTIONS = 100
/** Clean-up jobs remove old files of /tmp. So long can't commands reach us. */
const LOOK_AT_PATH_MS = 2_000
const CLAIM_ATTEMPTS = 3

export interface ControlServer {
  readonly path: string
  /** Idempotent. Replies on their way are sent first. */
  close(): Promise<void>
}

export interface ControlServerOptions {
  readonly port: ControlPort
  readonly path: string
  readonly clock: Clock
  /** Told when the socket had been removed and was made again. */
  readonly publish?: (event: SupervisorEvent) => void
}

/** Throws a ResilError: RESIL_ALREADY_RUNNING, or RESIL_NOT_PERMITTED where nothing can be listened on here. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { port, clock, publish } = options
  const path = explicitSocketPath(options.path, process.cwd())
  const connections = new Set<Connection>()
  let server = await claimAndListen(path, port.name, accept)
  let own = statOf(path)
  let timer: Timer | null = null
  let closed = false

  function accept(socket: Socket): void {
    const connection = serveConnection(socket, port)
    connections.add(connection)
    connection.closed.then(() => connections.delete(connection))
  }

  function lookLater(): void {
    if (!closed) timer = clock.setTimeout(() => void look().finally(lookLater), LOOK_AT_PATH_MS)
  }

  async function look(): Promise<void> {
    const found = statOf(path)
    if (found !== null && own !== null && isSame(found, own)) return
    try {
      makeFolder(dirname(path))
      await claimSocket(path, port.name)
      if (closed) return
      // First: closing unlinks whatever stands at the path.
      server.close()
      server = await listen(path, accept)
      own = statOf(path)
    } catch {
      // Somebody else listens there, or nothing can be made there now. Open connections go on; look again later.
      return
    }
    if (closed) server.close()
    else publish?.({ type: 'control.recreated', socket: path })
  }

  lookLater()
  return {
    path,
    close: async () => {
      if (closed) return
      closed = true
      timer?.cancel()
      server.close()
      await Promise.all([...connections].map((connection) => connection.end()))
    },
  }
}

async function claimAndListen(path: string, name: string, accept: (socket: Socket) => void): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    await claimSocket(path, name)
    try {
      return await listen(path, accept)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
      // Another start was faster by a hair; asking again says who it is.
      if (code === 'EADDRINUSE' && attempt < CLAIM_ATTEMPTS) continue
      // libuv says EACCES for a missing folder as well.
      const why = statOf(dirname(path)) === null ? 'its folder does not exist' : code
      const message = `can't make the control socket ${path} (${why}): name another with --socket or RESIL_RUNTIME_DIR`
      throw new ResilError('RESIL_NOT_PERMITTED', message, { cause: error })
    }
  }
}

function listen(path: string, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept)
    server.maxConnections = MAX_CONNECTIONS
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      // Such as EMFILE in accept(): that connection is lost, the supervisor is not.
      server.on('error', () => {})
      resolve(server)
    })
    // The socket is born inside listen(), so nobody gets between its birth and its mode.
    const umask = process.umask(0o177)
    try {
      server.listen({ path, readableAll: false, writableAll: false })
    } finally {
      process.umask(umask)
    }
  })
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch {
    // It exists, or listen() will say what is wrong.
  }
}
