import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectControl } from '../../src/control/client.ts'
import { serve } from '../support/control.ts'
import { fakePort, logLine } from '../support/fake-port.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A peer that says what the test wants it to. */
async function peer(onConnect: (socket: Socket) => void): Promise<string> {
  const path = join(tempDir(), 'x.sock')
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    onConnect(socket)
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

describe('a client', () => {
  it('gets answers to several requests at once, each its own', async () => {
    const client = await (await serve()).client()
    const [ping, status] = await Promise.all([client.request('ping', {}), client.request('status', {})])
    expect(ping).toMatchObject({ name: 'web' })
    expect(status).toMatchObject({ apps: [{ name: 'web' }] })
  })

  it('gets items before the result', async () => {
    const { client } = await serve(fakePort({ lines: [logLine({ text: 'ü'.repeat(100_000) })] }))
    const items: string[] = []
    await (await client()).request('logs', {}, { onItem: ({ text }) => items.push(text) })
    expect(items).toEqual(['ü'.repeat(100_000)])
  })

  it("throws the supervisor's own errors", async () => {
    const client = await (await serve()).client()
    await expect(client.request('status', { app: 'x' })).rejects.toMatchObject({
      name: 'ResilError',
      code: 'RESIL_UNKNOWN_TARGET',
    })
  })

  it('takes a code that it does not know for an internal error', async () => {
    const path = await peer((socket) =>
      socket.once('data', () => socket.write('{"id":1,"ok":false,"error":{"code":"RESIL_NEW","message":"odd"}}\n')),
    )
    const client = await connectControl(path)
    await expect(client.request('ping', {})).rejects.toMatchObject({ code: 'RESIL_INTERNAL', message: 'odd' })
    client.close()
  })

  it('waits no longer than it was told, and can be asked again', async () => {
    let answer = ''
    const path = await peer((socket) => socket.on('data', () => socket.write(answer)))
    const client = await connectControl(path)
    await expect(client.request('ping', {}, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'RESIL_TIMEOUT',
      message: 'no answer to ping within 30 ms',
    })
    // The late answer to the first comes with the one to the second.
    answer = '{"id":1,"ok":true,"result":{"late":true}}\n{"id":2,"ok":true,"result":{"late":false}}\n'
    expect(await client.request('ping', {}, { timeoutMs: 5_000 })).toEqual({ late: false })
    client.close()
  })

  it('takes an answer that came in time, though it was not run itself until later', async () => {
    let supervisor: Socket | undefined
    const path = await peer((socket) => {
      supervisor = socket
    })
    const client = await connectControl(path)
    await vi.waitUntil(() => supervisor !== undefined)
    const asked = client.request('ping', {}, { timeoutMs: 20 })
    supervisor?.write('{"id":1,"ok":true,"result":{"name":"web"}}\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40)
    expect(await asked).toEqual({ name: 'web' })
    client.close()
  })

  it('can be told to wait no longer', async () => {
    const client = await (await serve()).client()
    const controller = new AbortController()
    const waiting = client.request('events', { follow: true }, { signal: controller.signal })
    controller.abort('SIGINT')
    await expect(waiting).rejects.toBe('SIGINT')
    await expect(client.request('ping', {}, { signal: controller.signal })).rejects.toBe('SIGINT')
    expect(await client.request('ping', {})).toMatchObject({ name: 'web' })
  })

  it('learns that the supervisor has gone, whatever it waits for', async () => {
    const { client, server } = await serve()
    const one = await client()
    const waiting = one.request('events', { follow: true })
    const gone = expect(waiting).rejects.toMatchObject({
      code: 'RESIL_NO_SUPERVISOR',
      message: 'the supervisor went away before it answered',
    })
    await server.close()
    await gone
    await one.closed
    await expect(one.request('ping', {})).rejects.toMatchObject({ code: 'RESIL_NO_SUPERVISOR' })
  })

  it.each(['garbage\n', '17\n', 'null\n', '{"no":"id"}\n'])('hangs up on a peer that says %j', async (text) => {
    const path = await peer((socket) => socket.write(text))
    const client = await connectControl(path)
    await expect(client.request('ping', {})).rejects.toMatchObject({ code: 'RESIL_NO_SUPERVISOR' })
    await client.closed
  })

  it('rejects with the error of the system where nobody is', async () => {
    await expect(connectControl(join(tempDir(), 'none.sock'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
