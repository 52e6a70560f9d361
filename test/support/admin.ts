// An admin server over a supervisor that is none, on a free port of its own; closed after the test.

import http from 'node:http'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { AdminSettings } from '../../src/config/settings.ts'
import { createObserved, type Observed } from '../../src/control/admin/observe.ts'
import { openAdminServer } from '../../src/control/admin/server.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import type { StrategyTotal } from '../../src/metrics/strategy-totals.ts'
import { NO_TRAFFIC } from '../../src/metrics/traffic.ts'
import { type FakePort, fakePort } from './fake-port.ts'

export const TOKEN = 'correct-horse-battery'

/** One of each kind. */
const counted = { name: 'db', success: 7, failure: 2, rejected: 1, injected: 3 }
const STRATEGIES: readonly StrategyTotal[] = [
  { ...counted, kind: 'circuitBreaker' },
  { ...counted, kind: 'bulkhead' },
  { ...counted, kind: 'chaos' },
]

export interface ServedAdmin {
  readonly port: FakePort
  readonly observed: Observed
  /** What it told of itself. */
  readonly told: readonly ResilEvent[]
  readonly number: number
  close(): Promise<void>
}

export async function serveAdmin(
  port: FakePort = fakePort(),
  settings: Partial<AdminSettings> = { token: TOKEN },
  clock: Clock = systemClock,
): Promise<ServedAdmin> {
  const observed = createObserved(port.appNames())
  const told: ResilEvent[] = []
  let number = 0
  let first = (): void => {}
  const firstTold = new Promise<void>((resolve) => {
    first = resolve
  })
  const server = openAdminServer({
    settings: { host: '127.0.0.1', port: 0, ...settings },
    port: {
      ...port,
      glance: port.status,
      trafficOf: () => NO_TRAFFIC,
      strategiesOf: () => STRATEGIES,
      placeDiagnosisFile: (target, kind) => `/state/diagnoses/${target}.${kind}`,
    },
    observed,
    clock,
    publish: (event) => {
      told.push(event)
      if (event.type === 'admin.listening') number = event.port
      first()
    },
    ownerOf: () => null,
  })
  onTestFinished(server.close)
  await firstTold
  return {
    port,
    observed,
    told,
    get number() {
      return number
    },
    close: server.close,
  }
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** One request, on a connection of its own. */
export function ask(
  port: number,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

export interface EventReader {
  /** The next one that comes, or has come. */
  next(): Promise<{ readonly id: string | null; readonly type: string; readonly data: Record<string, unknown> }>
  /** Reads nothing until it is called again with false. */
  pause(paused: boolean): void
  readonly ended: Promise<void>
  leave(): void
}

export async function readEvents(port: number, lastId?: string): Promise<EventReader> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path: '/events', headers, agent: false }, resolve).on('error', reject)
  })
  const blocks: string[] = []
  const waiting: ((block: string) => void)[] = []
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n\n')
    rest = parts.pop() ?? ''
    for (const block of parts.filter((part) => part.includes('data:'))) {
      const reader = waiting.shift()
      if (reader === undefined) blocks.push(block)
      else reader(block)
    }
  })
  response.on('error', () => {})
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()))
  return {
    next: async () => {
      const block = blocks.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)))
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
      return {
        id: fields.get('id') ?? null,
        type: fields.get('event') ?? 'message',
        data: JSON.parse(fields.get('data') ?? 'null'),
      }
    },
    pause: (paused) => void (paused ? response.pause() : response.resume()),
    ended,
    leave: () => void response.destroy(),
  }
}
