import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { connectWebSocket, frame, frameReader } from '../../../src/process/evidence/web-socket.ts'

const open: (Server | Socket)[] = []
afterEach(() => {
  for (const each of open.splice(0)) 'destroy' in each ? each.destroy() : each.close()
})

/** A server's frame: not masked. */
function served(opcode: number, text: string, final = true): Buffer {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126
      ? Buffer.from([0, payload.length])
      : payload.length < 2 ** 16
        ? Buffer.from([0, 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([0, 127, 0, 0, 0, 0]), uint32(payload.length)])
  head[0] = (final ? 0x80 : 0) | opcode
  return Buffer.concat([head, payload])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

interface Peer {
  readonly url: string
  readonly socket: Promise<Socket>
  /** What the client has sent after its head. */
  readonly heard: { opcode: number; text: string }[]
}

async function serve(answer?: (key: string) => string): Promise<Peer> {
  const heard: Peer['heard'] = []
  let accepted: (socket: Socket) => void = () => {}
  const socket = new Promise<Socket>((resolve) => {
    accepted = resolve
  })
  const server = createServer((peer) => {
    open.push(peer)
    peer.once('data', (head) => {
      const key = /Sec-WebSocket-Key: (\S+)/.exec(head.toString())?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      peer.write(
        answer?.(accept) ?? `HTTP/1.1 101 Go on\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      peer.on('data', (bytes) => heard.push(...unmasked(bytes)))
      accepted(peer)
    })
    peer.on('error', () => {})
  })
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `ws://127.0.0.1:${port}/id`, socket, heard }
}

function unmasked(bytes: Buffer): Peer['heard'] {
  expect(bytes[1] ?? 0, 'a client masks').toBeGreaterThanOrEqual(0x80)
  const length = (bytes[1] ?? 0) & 0x7f
  const start = length === 126 ? 8 : 6
  const size = length === 126 ? bytes.readUInt16BE(2) : length
  const mask = bytes.subarray(start - 4, start)
  const text = bytes.subarray(start, start + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  const rest = bytes.subarray(start + size)
  const first = { opcode: (bytes[0] ?? 0) & 0x0f, text: Buffer.from(text).toString() }
  return rest.length === 0 ? [first] : [first, ...unmasked(rest)]
}

describe('a WebSocket client', () => {
  it('hears whole messages of every size, however they are cut, and answers pings', async () => {
    const peer = await serve()
    const messages: string[] = []
    const signal = new AbortController().signal
    const client = await connectWebSocket(peer.url, { onMessage: (text) => messages.push(text), signal })
    const socket = await peer.socket
    const sent = ['short', 'ä'.repeat(100), 'x'.repeat(300), 'y'.repeat(70_000)]
    const bytes = Buffer.concat([
      ...sent.map((text) => served(1, text)),
      served(1, 'in ', false),
      served(9, 'ping'),
      served(0, 'parts'),
    ])
    for (let at = 0; at < bytes.length; at += at < 1_000 ? 1 : 4_096) {
      socket.write(bytes.subarray(at, at + (at < 1_000 ? 1 : 4_096)))
    }
    await expect.poll(() => messages).toEqual([...sent, 'in parts'])
    client.send('a question')
    client.send('q'.repeat(200))
    await expect
      .poll(() => peer.heard)
      .toEqual([
        { opcode: 10, text: 'ping' },
        { opcode: 1, text: 'a question' },
        { opcode: 1, text: 'q'.repeat(200) },
      ])
    client.close()
    await client.closed
  })

  it('ends when the server closes, and when it is aborted', async () => {
    const peer = await serve()
    const client = await connectWebSocket(peer.url, { onMessage: () => {}, signal: new AbortController().signal })
    const socket = await peer.socket
    socket.write(served(8, ''))
    await client.closed
    client.close()

    const other = await serve()
    const controller = new AbortController()
    const aborted = await connectWebSocket(other.url, { onMessage: () => {}, signal: controller.signal })
    controller.abort()
    await aborted.closed
  })

  it.each([
    ['no WebSocket', () => 'HTTP/1.1 400 No\r\n\r\n'],
    ['another key', () => 'HTTP/1.1 101 Go on\r\nSec-WebSocket-Accept: wrong\r\n\r\n'],
  ])('rejects where the answer is %s', async (_what, answer) => {
    const peer = await serve(answer)
    const signal = new AbortController().signal
    await expect(connectWebSocket(peer.url, { onMessage: () => {}, signal })).rejects.toThrow('no WebSocket')
  })

  it('rejects where nobody listens', async () => {
    const signal = new AbortController().signal
    await expect(connectWebSocket('ws://127.0.0.1:1/x', { onMessage: () => {}, signal })).rejects.toThrow(
      'ECONNREFUSED',
    )
  })
})

describe('frames', () => {
  it.each([0, 125, 126, 65_535, 65_536])('of %i bytes say their length as the protocol wants it', (length) => {
    const bytes = frame(1, Buffer.alloc(length, 'a'))
    const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
    expect(bytes.length).toBe(2 + extended + 4 + length)
  })

  it('of a server that masks, or of a length beyond reason, are a fault', () => {
    for (const bytes of [Buffer.from([0x81, 0x81, 0]), Buffer.from([0x81, 127, 0, 0, 9, 0, 0, 0, 0, 0])]) {
      let faults = 0
      frameReader({ onFrame: () => expect.unreachable(), onFault: () => faults++ })(bytes)
      expect(faults).toBe(1)
    }
  })
})
