// What each path of the admin port answers. Who may ask is guard.ts; how it listens, server.ts.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AdminSettings } from '../../config/settings.ts'
import { CONTENT_TYPES, formatFor } from '../../metrics/text-format.ts'
import { findApp } from '../operations/target.ts'
import { findOperation } from '../operations.ts'
import type { EventStreams } from './event-stream.ts'
import { checkHost, checkMayChange } from './guard.ts'
import type { Health } from './health.ts'
import type { Observed } from './observe.ts'
import { type FileTurn, operate } from './operate.ts'
import type { AdminPort } from './port.ts'
import { Refusal, refusalOf, respondJson, respondRefusal, respondText, wantsJson } from './respond.ts'

/** So that readers of events never take the places of probes. */
const MOST_EVENT_STREAMS = 16
const MOST_OPERATIONS = 32

export interface Routed {
  readonly settings: AdminSettings
  readonly port: AdminPort
  readonly observed: Observed
  readonly streams: EventStreams
}

interface Visit extends Routed {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
}

const READS: Readonly<Record<string, { readonly about: string; answer(visit: Visit): void }>> = {
  '/livez': { about: 'the supervisor answers', answer: ({ response }) => respondText(response, 200, 'ok\n') },
  '/readyz': {
    about: 'every app that serves has a ready worker, and no stop has begun',
    answer: (visit) => probe(visit, visit.observed.health.ready(visit.port.glance())),
  },
  '/startupz': {
    about: 'every app has been ready once',
    answer: (visit) => probe(visit, visit.observed.health.started(visit.port.glance())),
  },
  '/metrics': {
    about: 'for Prometheus',
    answer: ({ request, response, observed, port, streams }) => {
      const format = formatFor(request.headers.accept ?? '')
      respondText(response, 200, observed.metrics(port, streams, format), CONTENT_TYPES[format])
    },
  },
  '/status': {
    about: 'as `resil status --json`; ?app=name for one',
    answer: ({ response, query, port }) => {
      const app = query.get('app')
      if (app !== null) findApp(port, app)
      const document = port.status()
      const apps = document.apps.filter(({ name }) => app === null || name === app)
      respondJson(response, 200, { ...document, apps })
    },
  },
  '/events': {
    about: 'what happens, as server-sent events',
    answer: ({ request, response, query, streams }) => {
      if (request.method === 'HEAD') return respondText(response, 200, '', 'text/event-stream')
      if (streams.count >= MOST_EVENT_STREAMS) {
        throw new Refusal(503, 'RESIL_BUSY', `${MOST_EVENT_STREAMS} clients read events already`, { reason: 'busy' })
      }
      const lastId = request.headers['last-event-id'] ?? query.get('lastEventId')
      streams.add(response, Array.isArray(lastId) ? (lastId[0] ?? null) : lastId)
    },
  },
}

const INDEX = [
  ...Object.entries(READS).map(([path, { about }]) => `GET  ${path.padEnd(12)} ${about}`),
  'POST /<operation>  reload, restart, stop, scale and the others of the resil command, with the token',
]
  .map((line) => `${line}\n`)
  .join('')

export function createRoutes(routed: Routed): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let operations = 0
  const fileTurn: FileTurn = { taken: false }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkHost(request, routed.settings)
    const { method = 'GET', url = '/' } = request
    const [path = '/', search = ''] = url.split('?', 2)
    const read = Object.hasOwn(READS, path) ? READS[path] : undefined
    if (method === 'GET' || method === 'HEAD') {
      if (path === '/') return respondText(response, 200, INDEX)
      if (read === undefined) throw notFound(path, method)
      return read.answer({ ...routed, request, response, query: new URLSearchParams(search) })
    }
    const operation = findOperation(path.slice(1))
    if (method !== 'POST' || !operation.ok) throw read === undefined ? notFound(path, method) : notAllowed(method)
    checkMayChange(request, routed.settings)
    if (operations >= MOST_OPERATIONS) {
      throw new Refusal(503, 'RESIL_BUSY', `${MOST_OPERATIONS} requests are in hand already`, { reason: 'busy' })
    }
    operations += 1
    try {
      await operate(operation.name, routed.port, request, response, fileTurn)
    } finally {
      operations -= 1
    }
  }

  return async (request, response) => {
    // A client that vanishes; what depends on it sees 'close'.
    response.on('error', () => {})
    try {
      await answer(request, response)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.reason !== null) routed.observed.refused(refusal.reason)
      // Its body may still be on the way, and is not waited for.
      if (!request.complete) response.shouldKeepAlive = false
      if (response.headersSent) response.destroy()
      else respondRefusal(response, refusal)
    }
  }
}

function probe({ request, response, query }: Visit, health: Health): void {
  const status = health.ok ? 200 : 503
  if (wantsJson(request)) return respondJson(response, status, { ...health, status: health.ok ? 'pass' : 'fail' })
  // As Kubernetes' own servers answer: what fails is told in any case, all of it when asked.
  const told = health.apps.filter(({ ok }) => !ok || query.has('verbose'))
  const lines = [
    ...(health.reason === null ? [] : [`[-] ${health.reason}`]),
    ...told.map(({ app, ok, reason }) => `[${ok ? '+' : '-'}] ${app}: ${reason}`),
    health.ok ? 'ok' : 'not ok',
  ]
  respondText(response, status, `${lines.join('\n')}\n`)
}

function notFound(path: string, method: string): Refusal {
  const fix = method === 'GET' || method === 'HEAD' ? 'GET / lists what there is' : 'it is no operation of resil'
  return new Refusal(404, 'RESIL_NOT_FOUND', `there is no ${method} ${JSON.stringify(path.slice(0, 100))}: ${fix}`)
}

function notAllowed(method: string): Refusal {
  return new Refusal(405, 'RESIL_METHOD', `${method.slice(0, 20)} is not for this path: use GET`, {
    headers: { allow: 'GET, HEAD' },
  })
}
