// What clients may do to the control socket, by mistake or on purpose: each gets an answer where there is somebody to answer,
// and nobody else is touched.

import { describe, expect, it } from 'vitest'
import { MAX_REQUEST_BYTES } from '../../src/protocol/control.ts'
import { connectRaw, serve } from '../support/control.ts'
import { appStatus, fakePort, logLine, workerStatus } from '../support/fake-port.ts'
import { fc } from '../support/property.ts'

const pingAnswer = { ok: true, result: { name: 'web', apps: ['web'] } }

describe('a request that is not one', () => {
  it.each([
    ['no JSON', 'hello', null, 'the request is not JSON: send one object per line, {"id":1,"op":"status"}'],
    ['cut JSON', '{"id":1,"op":"st', null, /^the request is not JSON/],
    ['a number', '1', null, /^the request: /],
    ['null', 'null', null, /^the request: /],
    ['a list', '[1,2]', null, /^the request: /],
    ['a string', '"status"', null, /^the request: /],
    ['no id', '{"op":"ping"}', null, /^id: /],
    ['an id that is text', '{"id":"1","op":"ping"}', null, /^id: /],
    ['an id that is no whole number', '{"id":1.5,"op":"ping"}', null, /^id: /],
    ['no operation', '{"id":7}', 7, /^op: /],
    ['an operation that is a number', '{"id":7,"op":1}', 7, /^op: /],
    ['an unknown operation', '{"id":7,"op":"statsu"}', 7, 'op: there is no operation "statsu"; did you mean "status"?'],
    ['an operation of all objects', '{"id":7,"op":"constructor"}', 7, 'op: there is no operation "constructor"'],
    ['params that are a list', '{"id":7,"op":"ping","params":[]}', 7, /^params: /],
    ['params that are null', '{"id":7,"op":"ping","params":null}', 7, /^params: /],
    ['a param too many', '{"id":7,"op":"ping","params":{"x":1}}', 7, /^ping: params: .*"x"/],
    ['a param that is missing', '{"id":7,"op":"scale","params":{"to":"1"}}', 7, /^scale: params\.app: /],
    ['a param of the wrong type', '{"id":7,"op":"status","params":{"app":1}}', 7, /^status: params\.app: /],
    ['an empty name', '{"id":7,"op":"status","params":{"app":""}}', 7, /^status: params\.app: /],
    [
      'a change that is no number',
      '{"id":7,"op":"scale","params":{"app":"web","to":"many"}}',
      7,
      'scale: params.to: write a number of workers ("4"), or a change ("+1", "-1")',
    ],
    ['a nested bomb', `{"id":7,"op":"ping","params":${'['.repeat(20_000)}}`, null, /^the request is not JSON/],
  ])('is answered: %s', async (_, line, id, message) => {
    const { path } = await serve()
    const { socket, next } = await connectRaw(path)
    socket.write(`${line}\n{"id":8,"op":"ping"}\n`)
    expect(await next()).toEqual({
      id,
      ok: false,
      error: {
        code: 'RESIL_BAD_REQUEST',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      },
    })
    // The connection goes on.
    expect(await next()).toMatchObject({ id: 8, ...pingAnswer })
  })

  it('is answered and skipped when it is too long, however long', async () => {
    const { path } = await serve()
    const { socket, next } = await connectRaw(path)
    socket.write('x'.repeat(MAX_REQUEST_BYTES * 20))
    expect(await next()).toMatchObject({ id: null, ok: false, error: { code: 'RESIL_BAD_REQUEST' } })
    socket.write('\n{"id":8,"op":"ping"}\n')
    expect(await next()).toMatchObject({ id: 8, ...pingAnswer })
  })

  it('is nothing at all when the line is empty', async () => {
    const { path } = await serve()
    const { socket, next } = await connectRaw(path)
    socket.write('\n\r\n  \n{"id":8,"op":"ping"}\n')
    expect(await next()).toMatchObject({ id: 8, ...pingAnswer })
  })
})

describe('bytes that mean nothing', () => {
  it('harm nobody: the next client is served, whatever came before, in whatever pieces', async () => {
    const { path, port } = await serve()
    const good = await connectRaw(path)
    let id = 0
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(`${text}\n`)),
      fc.constantFrom('\n', '{', '"', '{"id":', '{"id":1,"op":"events","params":{"follow":true}}\n').map(Buffer.from),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, politely) => {
        const { socket, ended } = await connectRaw(path)
        for (const bytes of pieces) socket.write(bytes)
        if (politely) socket.end()
        else socket.destroy()
        id += 1
        good.socket.write(`${JSON.stringify({ id, op: 'ping' })}\n`)
        expect(await good.next()).toMatchObject({ id, ...pingAnswer })
        socket.destroy()
        await ended
      }),
      { numRuns: 200 },
    )
    // Nothing that they began lives on: a last answer comes after the server has seen them all go.
    const { socket, next } = await connectRaw(path)
    socket.write('{"id":1,"op":"ping"}\n')
    await next()
    expect(port.listeners()).toBe(0)
  })

  it('are waited for without limit in time: half a request is none yet', async () => {
    const { path } = await serve()
    const half = await connectRaw(path)
    half.socket.write('{"id":1,"op":"pi')
    const other = await connectRaw(path)
    other.socket.write('{"id":2,"op":"ping"}\n')
    expect(await other.next()).toMatchObject({ id: 2, ...pingAnswer })
    half.socket.write('ng"}\n')
    expect(await half.next()).toMatchObject({ id: 1, ...pingAnswer })
  })
})

describe('many requests', () => {
  it('on one connection are each answered, by their id', async () => {
    const { path } = await serve()
    const { socket, next } = await connectRaw(path)
    const ids = Array.from({ length: 500 }, (_, index) => index)
    socket.write(ids.map((id) => `{"id":${id},"op":"status"}\n`).join(''))
    const answered = new Set<unknown>()
    for (const _ of ids) answered.add(((await next()) as { id: unknown }).id)
    expect(answered).toEqual(new Set(ids))
  })

  it('that stay open are limited, and the one too many is told', async () => {
    const { path } = await serve()
    const { socket, next } = await connectRaw(path)
    for (let id = 1; id <= 33; id += 1) socket.write(`{"id":${id},"op":"events","params":{"follow":true}}\n`)
    expect(await next()).toEqual({
      id: 33,
      ok: false,
      error: { code: 'RESIL_BUSY', message: '32 requests are in hand on this connection already' },
    })
  })

  it('over many connections are limited too, and the early ones go on', async () => {
    const { path } = await serve()
    const first = await connectRaw(path)
    const crowd = await Promise.all(Array.from({ length: 120 }, () => connectRaw(path)))
    await Promise.race(crowd.map(({ ended }) => ended))
    first.socket.write('{"id":1,"op":"ping"}\n')
    expect(await first.next()).toMatchObject(pingAnswer)
  })
})

describe('a client that does not read', () => {
  it('is hung up on when its replies would fill the memory, and others are served', async () => {
    const workers = Array.from({ length: 2_000 }, (_, slot) => workerStatus({ slot, id: slot, pid: slot }))
    const { path } = await serve(fakePort({ apps: [appStatus({ workers })] }))
    const lazy = await connectRaw(path)
    lazy.socket.pause()
    // In one piece, so that all are in the server's hands before it stops to read.
    lazy.socket.write(Array.from({ length: 30 }, (_, id) => `{"id":${id},"op":"status"}\n`).join(''))
    const good = await connectRaw(path)
    good.socket.write('{"id":1,"op":"ping"}\n')
    expect(await good.next()).toMatchObject({ id: 1, ok: true })
    lazy.socket.resume()
    await lazy.ended
  })

  it('loses lines of a log, is told how many, and gets what comes after', async () => {
    const { path, port } = await serve()
    const { socket, next } = await connectRaw(path)
    socket.write('{"id":1,"op":"logs","params":{"follow":true}}\n{"id":2,"op":"ping"}\n')
    expect(await next()).toMatchObject({ id: 2 })
    socket.pause()
    const sent = 200
    for (let index = 0; index < sent; index += 1) port.log(logLine({ text: `${index} ${'x'.repeat(10_000)}` }))
    socket.resume()
    const texts: string[] = []
    const read = async (): Promise<string> => {
      const { item } = (await next()) as { item: { text: string } }
      texts.push(item.text.slice(0, 60))
      return item.text
    }
    // What had been taken in comes first; then, as soon as there is room, what is missing is told before the next line.
    const isNext = async (): Promise<boolean> => (await read()) === 'last'
    const flowing = setInterval(() => port.log(logLine({ text: 'last' })), 5)
    while (!(await isNext()));
    clearInterval(flowing)
    const told = texts.find((text) => text.endsWith('read too slowly')) ?? ''
    const arrived = texts.filter((text) => /^\d+ x/.test(text)).length
    const missing = Number(/^(\d+) lines are missing here/.exec(told)?.[1])
    expect(missing).toBeGreaterThan(0)
    expect(arrived + missing).toBeGreaterThanOrEqual(sent)
    expect(arrived).toBeLessThan(sent)
  })
})

describe('a client that vanishes', () => {
  it('leaves no listener behind but that of the reload that it asked for, which goes on to its end', async () => {
    const { path, port } = await serve(fakePort())
    const { socket } = await connectRaw(path)
    socket.write('{"id":1,"op":"reload"}\n{"id":2,"op":"logs","params":{"follow":true}}\n')
    socket.write('{"id":3,"op":"events","params":{"follow":true}}\n')
    while (port.listeners() < 3) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    while (port.listeners() > 1) await new Promise((resolve) => setImmediate(resolve))
    const [asked] = port.submitted
    if (asked?.type !== 'reload.requested') throw new Error(`not a reload: ${asked?.type}`)
    port.publish({ type: 'reload.finished', app: 'web', generation: 2, request: asked.request, tookMs: 400 })
    while (port.listeners() > 0) await new Promise((resolve) => setImmediate(resolve))
  })
})

it('answers within 2,000 lines of a log, which are 100 ms where 20,000 of them go by in a second', async () => {
  const { path, port } = await serve()
  const reader = await connectRaw(path)
  reader.socket.write('{"id":1,"op":"logs","params":{"follow":true}}\n')
  reader.socket.removeAllListeners('data')
  reader.socket.resume()
  let lines = 0
  let flowed = (): void => {}
  const flow = setInterval(() => {
    for (let index = 0; index < 200; index += 1) port.log(logLine({ text: 'x'.repeat(100) }))
    lines += 200
    flowed()
  }, 10)
  const client = await connectRaw(path)
  for (let id = 1; id <= 50; id += 1) {
    await new Promise<void>((resolve) => {
      flowed = resolve
    })
    const before = lines
    client.socket.write(`{"id":${id},"op":"status"}\n`)
    await client.next()
    expect(lines - before).toBeLessThanOrEqual(2_000)
  }
  clearInterval(flow)
})
