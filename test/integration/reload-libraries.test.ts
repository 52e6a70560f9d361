// Long-lived connections as people make them, with libraries from npm at both ends, through a reload of an app that knows nothing
// of it: what is in hand gets done, and clients find the new workers by the rules of their own protocol.

import grpc from '@grpc/grpc-js'
import { io, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, it } from 'vitest'
import { type RawData, WebSocket } from 'ws'
import grpcService from '../../fixtures/grpc-service.cjs'
import { assertNoProcessLeft, DEADLINE_MS, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

const open: { close(): void }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) each.close()
  await assertNoProcessLeft()
})

const start = async (name: string, node: string): Promise<Service> => {
  const config = { name: 'app', script: fixture(name), instances: 2, ready: { minReady: 0 } }
  const service = await startService(null, { node, cwd: tempDir({ 'resilience.config.json': JSON.stringify(config) }) })
  await service.event('app.running')
  return service
}

const pidsOf = (service: Service) => new Set(service.events('worker.ready').map(({ worker }) => worker.pid))

/** Asks one question after the other until told to stop; each answer must be that of its question. */
function asking(ask: (text: string) => Promise<{ readonly text: string; readonly pid: number }>) {
  const answered = { count: 0, pids: new Set<number>() }
  let goOn = true
  const done = (async () => {
    while (goOn) {
      const question = `question ${answered.count}`
      const { text, pid } = await ask(question)
      expect(text).toBe(question)
      answered.count += 1
      answered.pids.add(pid)
    }
  })()
  return {
    answered,
    /** Rejects with what went wrong. */
    done,
    end: () => {
      goOn = false
      return done
    },
  }
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('ws: each client is told 1001, and the next connection is a new worker’s', async () => {
    const service = await start('ws.cjs', node)
    const old = pidsOf(service)
    const connect = async () => {
      const ws = new WebSocket(`ws://127.0.0.1:${service.port}`)
      open.push({ close: () => ws.terminate() })
      const closed = new Promise<number>((resolve) => ws.once('close', resolve))
      await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
      const ask = (text: string) =>
        new Promise<{ text: string; pid: number }>((resolve) => {
          ws.once('message', (data: RawData) => resolve(JSON.parse(String(data))))
          ws.send(text)
        })
      return { ask, closed }
    }
    const clients = await Promise.all(Array.from({ length: 10 }, connect))
    for (const { ask } of clients) expect(old).toContain((await ask('before')).pid)
    const reload = service.resil(['reload'])
    const again = clients.map(async ({ closed }) => {
      expect(await closed).toBe(1001)
      const next = await connect()
      return (await next.ask('after')).pid
    })
    expect((await reload).code).toBe(0)
    for (const pid of await Promise.all(again)) expect([...pidsOf(service)]).toContain(pid)
    expect(await service.stop()).toEqual({ code: 0, signal: null })
  })

  it('socket.io over WebSockets, with its own retries: every acknowledgement comes, from old workers and from new ones', async () => {
    const service = await start('socket-io.cjs', node)
    const old = pidsOf(service)
    const loops = Array.from({ length: 6 }, () => {
      const socket: Socket = io(`http://127.0.0.1:${service.port}`, {
        transports: ['websocket'],
        forceNew: true,
        reconnectionDelay: 20,
        reconnectionDelayMax: 100,
        // What was sent and not acknowledged is sent again on the next connection; a worker that gets no CPU costs no retry.
        ackTimeout: DEADLINE_MS,
        retries: 5,
      })
      open.push(socket)
      return asking((text) => socket.emitWithAck('echo', text))
    })
    expect((await service.resil(['reload'])).code).toBe(0)
    const fresh = [...pidsOf(service)].filter((pid) => !old.has(pid))
    const hasMoved = ({ answered }: (typeof loops)[number]) => fresh.some((pid) => answered.pids.has(Number(pid)))
    const moved = expect.poll(() => loops.every(hasMoved), { timeout: DEADLINE_MS }).toBe(true)
    await Promise.race([moved, ...loops.map(({ done }) => done)])
    await Promise.all(loops.map(({ end }) => end()))
    for (const { answered } of loops) expect(answered.count).toBeGreaterThan(1)
    await service.stop()
  })

  it('gRPC: no unary call fails, with nothing but the library’s own retries, and a stream in hand is sent to its end', async () => {
    const service = await start('grpc.cjs', node)
    const old = pidsOf(service)
    const Client = grpc.makeGenericClientConstructor(grpcService, 'Echo')
    const client = new Client(`127.0.0.1:${service.port}`, grpc.credentials.createInsecure())
    const { echo, count } = client as unknown as {
      echo(ms: string, answered: (error: Error | null, text: string) => void): void
      count(text: string): AsyncIterable<string>
    }
    open.push({
      close: () => {
        load.asking = false
        client.close()
      },
    })
    const load = { asking: true, answered: 0, failed: [] as string[], pids: new Set<number>() }
    const loops = Array.from({ length: 20 }, async (_, index) => {
      const ms = String(5 * index)
      while (load.asking) {
        await new Promise<void>((resolve) => {
          echo.call(client, ms, (error, text) => {
            if (error) load.failed.push(error.message)
            else {
              load.answered += 1
              load.pids.add(Number(text.split(' ')[1]))
            }
            resolve()
          })
        })
      }
    })
    const streamed: string[] = []
    const stream = (async () => {
      for await (const number of count.call(client, 'ten')) streamed.push(number)
    })()
    for (let reload = 1; reload <= 3; reload += 1) expect((await service.resil(['reload'])).code).toBe(0)
    await stream
    load.asking = false
    await Promise.all(loops)
    expect(streamed).toEqual(Array.from({ length: 10 }, (_, index) => String(index + 1)))
    expect(load.failed).toEqual([])
    expect(load.answered).toBeGreaterThan(50)
    expect([...load.pids].some((pid) => !old.has(pid))).toBe(true)
    await service.stop()
  })
})
