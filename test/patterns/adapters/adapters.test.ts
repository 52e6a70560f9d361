import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import {
  bulkhead,
  chaos,
  circuitBreaker,
  expressErrors,
  fallback,
  fastifyErrors,
  httpErrorOf,
  manualClock,
  retry,
  timeout,
  wrapClient,
} from '../../../src/patterns.ts'
import { boom, deferred, errorOf, fails, succeeds } from '../support/promises.ts'

/** Express brings no types. */
interface ExpressApp {
  get(path: string, handler: () => void): void
  use(handler: unknown): void
}
const express = createRequire(import.meta.url)('express') as () => ExpressApp & RequestListener

async function openCircuitError(): Promise<unknown> {
  const breaker = circuitBreaker({ clock: manualClock(), failureThreshold: 1, openMs: 2500 })
  await breaker.execute(fails).catch(() => {})
  return errorOf(breaker.execute(succeeds))
}

describe('httpErrorOf', () => {
  it('is 503 with Retry-After in whole seconds for what was not tried', async () => {
    expect(httpErrorOf(await openCircuitError())).toMatchObject({
      status: 503,
      headers: { 'retry-after': '3' },
      body: { code: 'RESIL_CIRCUIT_OPEN' },
    })
    const room = bulkhead({ maxConcurrentCalls: 1 })
    room.tryAcquire()
    expect(httpErrorOf(await errorOf(room.execute(succeeds)))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    })
  })

  it('is 504 for what took too long, and nothing for other errors', async () => {
    const late = await errorOf(timeout(1).execute(() => deferred().promise))
    expect(httpErrorOf(late)).toMatchObject({ status: 504, headers: {} })
    expect(httpErrorOf(boom)).toBeUndefined()
    expect(httpErrorOf(await errorOf(chaos({ enabled: true, probability: 1 }).execute(succeeds)))).toBeUndefined()
  })
})

it('expressErrors answers for resil and leaves other errors to the next', async () => {
  const app = express()
  const error = await openCircuitError()
  app.get('/open', () => {
    throw error
  })
  app.get('/own', () => {
    throw boom
  })
  app.use(expressErrors())
  app.use((_error: unknown, _request: unknown, response: ServerResponse, _next: unknown) => {
    response.writeHead(418).end()
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const open = await fetch(`${url}/open`)
  expect([open.status, open.headers.get('retry-after'), await open.json()]).toMatchObject([
    503,
    '3',
    { code: 'RESIL_CIRCUIT_OPEN' },
  ])
  expect((await fetch(`${url}/own`)).status).toBe(418)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

it('fastifyErrors does so for Fastify', async () => {
  const app = fastify()
  const error = await openCircuitError()
  app.get('/open', () => {
    throw error
  })
  app.get('/own', () => {
    throw boom
  })
  app.setErrorHandler(fastifyErrors())
  const open = await app.inject('/open')
  expect([open.statusCode, open.headers['retry-after'], open.json()]).toMatchObject([
    503,
    '3',
    { code: 'RESIL_CIRCUIT_OPEN' },
  ])
  expect((await app.inject('/own')).statusCode).toBe(500)
  await app.close()
})

describe('wrapClient', () => {
  class Client {
    readonly #secret = 'private'
    calls = 0
    async query(text: string): Promise<string> {
      this.calls += 1
      if (text === 'fail') throw boom
      return `${this.#secret} ${text}`
    }
    untouched(): string {
      return this.#secret
    }
    on(): this {
      return this
    }
  }

  it('runs the named methods through the strategy, all else is the client', async () => {
    const client = new Client()
    const wrapped = wrapClient(client, retry({ maxAttempts: 2, backoff: { delayMs: () => 0 } }), ['query'])
    expect(await wrapped.query('1')).toBe('private 1')
    expect(await errorOf(wrapped.query('fail'))).toBe(boom)
    expect([wrapped.calls, wrapped.untouched(), wrapped instanceof Client]).toEqual([3, 'private', true])
    expect(wrapped.on()).toBe(wrapped)
    expect(wrapped.query).toBe(wrapped.query)
  })

  it('sets properties on the client itself, private setters too', () => {
    class Tuned {
      #size = 1
      get size(): number {
        return this.#size
      }
      set size(size: number) {
        this.#size = size
      }
      async get(): Promise<number> {
        return this.#size
      }
    }
    const client = new Tuned()
    wrapClient(client, retry(), ['get']).size = 7
    expect(client.size).toBe(7)
  })

  it('may add what a fallback answers', async () => {
    const wrapped = wrapClient(new Client(), fallback.value(null), ['query'])
    const answer: string | null = await wrapped.query('fail')
    expect(answer).toBeNull()
  })

  it('a client that connects to itself stays wrapped', async () => {
    class Redis {
      async connect(): Promise<this> {
        return this
      }
      async get(): Promise<string> {
        throw boom
      }
    }
    const wrapped = wrapClient(new Redis(), fallback.value('spare'), ['get'])
    const client = await wrapped.connect()
    expect(await client.get()).toBe('spare')
  })

  it('leaves queries alone that run only when they are awaited', () => {
    let ran = 0
    // biome-ignore lint/suspicious/noThenProperty: what it is about
    const lazy = { then: () => (ran += 1) }
    const wrapped = wrapClient({ select: () => lazy, query: succeeds }, retry(), ['query'])
    expect(wrapped.select()).toBe(lazy)
    expect(ran).toBe(0)
  })

  it('refuses a frozen method, which no proxy may replace, and says what to do', async () => {
    const frozen = Object.freeze({ query: succeeds, other: () => 5 })
    expect(() => wrapClient(frozen, retry(), ['query'])).toThrow(/"query" of the client is frozen; wrap a copy/)
    const wrapped = wrapClient({ ...frozen }, retry(), ['query'])
    expect([await wrapped.query(), wrapped.other()]).toEqual(['ok', 5])
    expect(wrapClient(frozen, retry(), []).other()).toBe(5)
  })

  it('refuses a method that is none', () => {
    expect(() => wrapClient(new Client(), retry(), ['calls' as never])).toThrow(/no method "calls"/)
  })
})
