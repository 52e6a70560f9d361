// The admin port: listens, and goes on trying while the port is taken, since a service must not stay down for want of its metrics.
// What is answered is routes.ts. node:http comes with this file, and this file only where the port is configured.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock, Timer } from '../../clock.ts'
import type { AdminSettings } from '../../config/settings.ts'
import type { ResilEvent } from '../../events/events.ts'
import { createEventStreams } from './event-stream.ts'
import type { Observed } from './observe.ts'
import type { AdminPort } from './port.ts'
import { createRoutes } from './routes.ts'

const RETRY_MS = 5_000
/** Probes, a few scrapers and readers of events; more is a leak somewhere, and must not take all descriptors. */
const MAX_CONNECTIONS = 100
const HEADERS_TIMEOUT_MS = 5_000
/** Of a whole request, its body included; answers may take as long as they like. */
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 5_000
const LOOK_FOR_LATE_ONES_MS = 2_500
/** For answers on their way when the supervisor ends. */
const FLUSH_MS = 500

export interface AdminServer {
  /** Idempotent. */
  close(): Promise<void>
}

export function openAdminServer(options: {
  readonly settings: AdminSettings
  readonly port: AdminPort
  readonly observed: Observed
  readonly clock: Clock
  readonly publish: (event: ResilEvent) => void
  /** Who holds a port, in words. */
  readonly ownerOf: (port: number) => string | null
}): AdminServer {
  const { settings, port, observed, clock, publish, ownerOf } = options
  const epoch = `${clock.wallNow().toString(36)}${process.pid.toString(36)}`
  const streams = createEventStreams(port.events, epoch)
  const routes = createRoutes({ settings, port, observed, streams })
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_FOR_LATE_ONES_MS,
    },
    (request, response) => void routes(request, response),
  )
  server.maxConnections = MAX_CONNECTIONS
  let told: string | null = null
  let timer: Timer | null = null
  let closed = false

  server.on('error', (error: NodeJS.ErrnoException) => {
    // Such as EMFILE in accept(): that connection is lost, the port is not.
    if (server.listening || closed) return
    const code = error.code ?? 'unknown error'
    const { host, port: number } = settings
    const owner = code === 'EADDRINUSE' ? ownerOf(number) : null
    if (told !== code) publish({ type: 'admin.listenFailed', host, port: number, code, owner, retryInMs: RETRY_MS })
    told = code
    timer = clock.setTimeout(listen, RETRY_MS)
    // Trying again is no reason to stay.
    timer.unref?.()
  })
  server.on('listening', () => {
    told = null
    publish({ type: 'admin.listening', host: settings.host, port: (server.address() as AddressInfo).port })
  })

  function listen(): void {
    server.listen({ host: settings.host, port: settings.port })
  }

  listen()
  return {
    close: async () => {
      if (closed) return
      closed = true
      timer?.cancel()
      streams.close()
      if (server.listening) await ended(server)
    },
  }
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), FLUSH_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
