import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type FetchOptions, fallback, manualClock, type Outcome, resilientFetch } from '../../../src/patterns.ts'
import { boom, deferred, errorOf, turn } from '../support/promises.ts'
import { countListeners } from '../support/signals.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function serve(handle: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  let count = 0
  const server = createServer((request, response) => {
    count += 1
    handle(request, response, count)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => count }
}

function resilient(options: FetchOptions = {}) {
  const fetch = resilientFetch({ retry: { backoff: { delayMs: () => 1 } }, ...options })
  ends.push(async () => fetch.dispose())
  return fetch
}

const flaky =
  (failures: number, status = 503) =>
  (_request: IncomingMessage, response: ServerResponse, count: number) => {
    response.statusCode = count <= failures ? status : 200
    response.end(`answer ${count}`)
  }

it('retries what may pass, and gives the answer', async () => {
  const { url, requests } = await serve(flaky(2))
  const response = await resilient()(`${url}/path`)
  expect([response.status, await response.text(), response.url]).toEqual([200, 'answer 3', `${url}/path`])
  expect(requests()).toBe(3)
})

it('after the last attempt gives that response, not an error', async () => {
  const { url } = await serve(flaky(9))
  const response = await resilient()(url)
  expect([response.status, await response.text()]).toEqual([503, 'answer 3'])
})

it.each([404, 501])('takes %i for an answer', async (status) => {
  const { url, requests } = await serve(flaky(9, status))
  expect((await resilient()(url)).status).toBe(status)
  expect(requests()).toBe(1)
})

it.each([
  [200, 'HEAD'],
  [204, 'GET'],
  [205, 'GET'],
  [301, 'GET'],
  [304, 'GET'],
])('gives a %i without a body to %s as fetch does', async (status, method) => {
  const { url } = await serve((_request, response) => {
    response.writeHead(status, { location: '/', etag: 'x', 'set-cookie': ['a=1', 'b=2'] }).end()
  })
  const init = { method, redirect: 'manual' } as const
  const [ours, plain] = [await resilient()(url, init), await fetch(url, init)]
  const told = (response: Response) => [response.status, response.type, response.headers.getSetCookie()]
  expect(told(ours)).toEqual(told(plain))
  expect(await ours.text()).toBe('')
})

it.each([
  [999, 'Request Denied'],
  [600, 'D\xe9j\xe0 vu'],
  [200, 'Fine'],
])('gives a response of status %i %s, and what is cloned of it, as fetch does', async (status, text) => {
  const { url } = await serve((request) => {
    request.socket.write(Buffer.from(`HTTP/1.1 ${status} ${text}\r\ncontent-length: 4\r\nx-a: b\r\n\r\nbody`, 'latin1'))
  })
  const facts = async (response: Response) => {
    const { ok, redirected, statusText, type } = response
    return [
      response.status,
      statusText,
      ok,
      response.url,
      redirected,
      type,
      response.headers.get('x-a'),
      await response.text(),
    ]
  }
  const [ours, plain] = [await resilient()(url), await fetch(url)]
  const [copy, copyOfCopy] = [ours.clone(), ours.clone().clone()]
  const expected = await facts(plain)
  expect([expected[0], expected[7]]).toEqual([status, 'body'])
  expect(ours).toBeInstanceOf(Response)
  for (const response of [ours, copy, copyOfCopy]) expect(await facts(response)).toEqual(expected)
})

it('takes responses of another fetch whose bodies are no web streams', async () => {
  const foreign = { ok: true, status: 200, body: { pipe: () => {} }, headers: new Headers(), json: async () => 5 }
  const response = await resilient({ fetch: async () => foreign as unknown as Response })('http://127.0.0.1:1/')
  expect(await response.json()).toBe(5)
})

it('lets go of the signal of its caller when time is up, though nobody reads the body', async () => {
  const { url } = await serve((_request, response) => void response.write('never all of it'))
  const { signal } = new AbortController()
  const counts = countListeners(signal)
  const clock = manualClock()
  await resilient({ clock, totalTimeoutMs: 1000, fetch: async (_input, init) => fetch(url, init ?? {}) })(url, {
    signal,
  })
  expect(counts.added - counts.removed).toBeGreaterThan(0)
  clock.advance(1000)
  expect(counts.added - counts.removed).toBe(0)
})

describe('is sent once', () => {
  it.each([
    ['a POST', { method: 'POST', body: 'x' }, 1],
    [
      'a POST with Idempotency-Key is sent again',
      { method: 'POST', body: 'x', headers: { 'Idempotency-Key': 'k' } },
      3,
    ],
    ['a PUT is sent again', { method: 'PUT', body: 'x' }, 3],
  ] as const)('%s', async (_what, init, times) => {
    const { url, requests } = await serve(flaky(9))
    await resilient()(url, init)
    expect(requests()).toBe(times)
  })

  it('a body that is a stream, whatever the method', async () => {
    const { url, requests } = await serve(flaky(9))
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('x'))
        controller.close()
      },
    })
    await resilient()(url, { method: 'PUT', body, duplex: 'half' })
    expect(requests()).toBe(1)
  })
})

it('a network error is a failure, and the last one is thrown as fetch threw it', async () => {
  const { url } = await serve(flaky(0))
  for (const end of ends.splice(0)) await end()
  const fetch = resilient()
  expect(await errorOf(fetch(url))).toMatchObject({ message: 'fetch failed' })
  const [metrics] = Object.values(fetch.metrics())
  expect(metrics?.strategies[`${url}.retry`]).toMatchObject({ attempts: 3, gaveUp: 1 })
})

it('each origin has a circuit of its own', async () => {
  const [bad, good] = [await serve(flaky(999)), await serve(flaky(0))]
  const fetch = resilient({ retry: false, circuitBreaker: { failureThreshold: 2 } })
  await fetch(bad.url)
  await fetch(bad.url)
  expect(await errorOf(fetch(bad.url))).toMatchObject({ code: 'RESIL_CIRCUIT_OPEN' })
  expect((await fetch(good.url)).status).toBe(200)
})

it('ends an attempt that gets no headers in time', async () => {
  const { url, requests } = await serve((_request, response, count) => {
    if (count > 1) response.end('second')
  })
  const clock = manualClock()
  const call = resilient({ clock, attemptTimeoutMs: 200, totalTimeoutMs: 600_000 })(url)
  await expect.poll(requests).toBe(1)
  clock.advance(200)
  // The wait before the next attempt.
  await turn()
  clock.advance(1)
  expect(await (await call).text()).toBe('second')
  expect(requests()).toBe(2)
})

it('ends a body that is not complete when the total time is up', async () => {
  const { url } = await serve((_request, response) => {
    response.write('some')
  })
  const clock = manualClock()
  const response = await resilient({ clock, totalTimeoutMs: 300, attemptTimeoutMs: 200 })(url)
  expect(response.status).toBe(200)
  const text = errorOf(response.text())
  clock.advance(300)
  expect(await text).toMatchObject({ code: 'RESIL_TIMEOUT' })
})

it('the total time counts from the start of the call, not from the headers', async () => {
  const clock = manualClock()
  const headers = deferred<Response>()
  const fetch = resilient({ clock, totalTimeoutMs: 1000, attemptTimeoutMs: 950, fetch: () => headers.promise })
  const call = fetch('http://a.test/')
  await turn()
  clock.advance(900)
  headers.resolve(new Response(new ReadableStream()))
  const text = errorOf((await call).text())
  clock.advance(100)
  // Also where the fetch underneath does not heed its signal.
  expect(await text).toMatchObject({ code: 'RESIL_TIMEOUT' })
})

it('a response that comes after its attempt was given up on is let go, and its connection with it', async () => {
  const clock = manualClock()
  const headers = deferred<Response>()
  const fetch = resilient({ clock, retry: false, attemptTimeoutMs: 10, fetch: () => headers.promise })
  const call = errorOf(fetch('http://a.test/'))
  await turn()
  clock.advance(10)
  expect(await call).toMatchObject({ code: 'RESIL_TIMEOUT' })
  const cancelled = deferred()
  headers.resolve(new Response(new ReadableStream({ cancel: () => cancelled.resolve('cancelled') })))
  expect(await cancelled.promise).toBe('cancelled')
})

it("a fallback's answer can be read by everybody who gets it", async () => {
  const fetch = resilient({
    retry: false,
    fallback: fallback.value(new Response('[]')),
    fetch: () => Promise.reject(new TypeError('fetch failed', { cause: boom })),
  })
  for (const _ of [1, 2]) expect(await (await fetch('http://a.test/')).text()).toBe('[]')
})

it('a response in whose place a fallback answers is let go, and its connection with it', async () => {
  const cancelled = deferred()
  const busy = new Response(new ReadableStream({ cancel: () => cancelled.resolve('cancelled') }), { status: 503 })
  const classify = ({ ok, ...rest }: Outcome<Response>) =>
    ok && 'value' in rest && rest.value.status < 500 ? ('success' as const) : ('failure' as const)
  const fetch = resilient({
    retry: false,
    fallback: fallback.value(new Response('[]'), { classify }),
    fetch: async () => busy,
  })
  expect(await (await fetch('http://a.test/')).text()).toBe('[]')
  expect(await cancelled.promise).toBe('cancelled')
})

it('a fallback may make its answer of the response that failed', async () => {
  const fetch = resilient({
    retry: false,
    fallback: fallback.degraded(
      (failure) => ('value' in failure ? new Response(failure.value.body, { status: 200 }) : new Response('none')),
      { classify: ({ ok }) => (ok ? 'failure' : 'success') },
    ),
    fetch: async () => new Response('partly', { status: 503 }),
  })
  expect(await (await fetch('http://a.test/')).text()).toBe('partly')
})

it('a response of another fetch that is retried away is destroyed', async () => {
  const destroyed = deferred()
  const body = { pipe: () => {}, destroy: () => destroyed.resolve('destroyed') }
  const answers = [{ status: 503, body, headers: new Headers() }, new Response('ok')]
  const fetch = resilient({ fetch: async () => answers.shift() as Response })
  expect(await (await fetch('http://a.test/')).text()).toBe('ok')
  expect(await destroyed.promise).toBe('destroyed')
})

it('a signal of null takes that of the Request away, as with fetch', async () => {
  const request = new Request('http://a.test/', { signal: AbortSignal.abort() })
  const fetch = resilient({ fetch: async () => new Response('ok') })
  expect((await fetch(request, { signal: null })).status).toBe(200)
  expect(await errorOf(fetch(request))).toMatchObject({ name: 'AbortError' })
})

it("the caller's abort ends the body too", async () => {
  const { url } = await serve((_request, response) => {
    response.write('some')
  })
  const controller = new AbortController()
  const response = await resilient()(url, { signal: controller.signal })
  const text = errorOf(response.text())
  controller.abort(new Error('gone'))
  expect(await text).toBe(controller.signal.reason)
})

it('takes a Request, and says like fetch what is wrong with a URL', async () => {
  const { url } = await serve(flaky(1))
  expect((await resilient()(new Request(url))).status).toBe(200)
  expect(await errorOf(resilient()('no url'))).toBeInstanceOf(TypeError)
})

it('makes nothing anew once it is disposed of', async () => {
  const fetch = resilient({ fetch: async () => new Response('ok') })
  await fetch('http://a.test/')
  fetch.dispose()
  expect(await errorOf(fetch('http://a.test/'))).toMatchObject({ code: 'RESIL_DISPOSED' })
  expect(fetch.metrics()).toEqual({})
})

it('forgets the origin that was not asked for longest', async () => {
  const fetch = resilient({ maxOrigins: 2, fetch: async () => new Response('ok') })
  for (const host of ['a', 'b', 'c']) await fetch(`http://${host}.test/`)
  expect(Object.keys(fetch.metrics())).toEqual(['http://b.test', 'http://c.test'])
})
