// The client half of RFC 6455, as far as a conversation with a worker's inspector needs it: text messages both ways, pings
// answered, no extensions. Our own, because Node 20 has no WebSocket client, and a package for one use costs more than this.

import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'

export interface WebSocketClient {
  send(text: string): void
  /** Settles when the connection has ended, by whichever side. */
  readonly closed: Promise<void>
  /** Idempotent. */
  close(): void
}

export interface WebSocketOptions {
  readonly onMessage: (text: string) => void
  /** Aborts also what is open. */
  readonly signal: AbortSignal
}

/** RFC 6455, section 1.3. */
const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** A CPU profile of minutes is some 10 MiB; a script with its source map inline may be as large. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024
const MAX_HEAD_BYTES = 16 * 1024

const CONTINUATION = 0x0
const TEXT = 0x1
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa

/** `url`: ws://host:port/path. Rejects where nobody answers as a WebSocket server does. */
export function connectWebSocket(url: string, { onMessage, signal }: WebSocketOptions): Promise<WebSocketClient> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { hostname, port, host, pathname } = new URL(url)
    const key = randomBytes(16).toString('base64')
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    // One small message must not wait for the acknowledgement of the one before.
    socket.setNoDelay(true)
    const frames = frameReader({ onFrame, onFault: () => socket.destroy() })
    let head: Buffer | null = Buffer.alloc(0)
    let message: Buffer[] = []
    let messageBytes = 0

    const onAbort = (): void => void socket.destroy()
    signal.addEventListener('abort', onAbort, { once: true })
    const closed = new Promise<void>((resolveClosed) => {
      socket.once('close', () => {
        signal.removeEventListener('abort', onAbort)
        reject(new Error('the connection ended before it was one'))
        resolveClosed()
      })
    })
    socket.on('error', reject)
    socket.on('connect', () => {
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      )
    })
    socket.on('data', (chunk: Buffer) => {
      if (head === null) return frames(chunk)
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) {
        if (head.length > MAX_HEAD_BYTES) socket.destroy()
        return
      }
      const rest = head.subarray(end + 4)
      const text = head.toString('latin1', 0, end)
      head = null
      if (!isAccepted(text, key)) {
        reject(new Error(`the answer was no WebSocket: ${text.split('\r\n', 1)[0]}`))
        socket.destroy()
        return
      }
      resolve({ send: (said) => write(TEXT, Buffer.from(said)), closed, close })
      if (rest.length > 0) frames(rest)
    })

    function onFrame(opcode: number, final: boolean, payload: Buffer): void {
      switch (opcode) {
        case TEXT:
        case CONTINUATION:
          messageBytes += payload.length
          if (messageBytes > MAX_MESSAGE_BYTES) return void socket.destroy()
          message.push(payload)
          if (!final) return
          {
            const whole = Buffer.concat(message).toString('utf8')
            message = []
            messageBytes = 0
            onMessage(whole)
          }
          return
        case PING:
          return write(PONG, payload)
        case PONG:
          return
        default:
          // A close, or what this client never agreed to.
          close()
      }
    }

    function write(opcode: number, payload: Buffer): void {
      if (socket.writable) socket.write(frame(opcode, payload))
    }

    function close(): void {
      write(CLOSE, Buffer.from([0x03, 0xe8]))
      socket.end()
      // Nothing that comes now is waited for.
      socket.destroySoon()
    }
  })
}

function isAccepted(head: string, key: string): boolean {
  const expected = createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64')
  const accept = /^sec-websocket-accept:\s*(\S+)/im.exec(head)?.[1]
  return /^HTTP\/1\.1 101 /.test(head) && accept === expected
}

/** A client's frame: whole, and masked, as the protocol asks of clients. */
export function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const extended = length < 126 ? 0 : length < 2 ** 16 ? 2 : 8
  const head = Buffer.alloc(2 + extended + 4)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  mask.copy(head, 2 + extended)
  const masked = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += 1) masked[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0)
  return Buffer.concat([head, masked])
}

interface FrameListener {
  readonly onFrame: (opcode: number, final: boolean, payload: Buffer) => void
  /** The other side does not keep to the protocol. */
  readonly onFault: () => void
}

/** Cuts a stream of bytes into a server's frames, in whatever pieces they come. */
export function frameReader({ onFrame, onFault }: FrameListener): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let available = 0
  let needed = 2

  return (chunk) => {
    chunks.push(chunk)
    available += chunk.length
    // Pieces of a large message are put together once, when it is complete.
    while (available >= needed) {
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      chunks = [bytes]
      const size = frameSize(bytes)
      if (size === 'fault') return onFault()
      if (!size.known || available < size.total) {
        needed = size.total
        continue
      }
      const first = bytes[0] ?? 0
      chunks = [bytes.subarray(size.total)]
      available -= size.total
      needed = 2
      onFrame(first & 0x0f, (first & 0x80) !== 0, bytes.subarray(size.head, size.total))
    }
  }
}

/** Of the first frame in `bytes`, or how many bytes tell it. */
function frameSize(
  bytes: Buffer,
): { readonly known: boolean; readonly head: number; readonly total: number } | 'fault' {
  const second = bytes[1] ?? 0
  // Servers do not mask.
  if ((second & 0x80) !== 0) return 'fault'
  const short = second & 0x7f
  if (short < 126) return { known: true, head: 2, total: 2 + short }
  const head = short === 126 ? 4 : 10
  if (bytes.length < head) return { known: false, head, total: head }
  const length = short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  return length > MAX_MESSAGE_BYTES ? 'fault' : { known: true, head, total: head + length }
}
