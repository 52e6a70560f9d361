// One client's connection: lines in, replies out. Whatever it sends, or fails to read, is its own trouble alone.

import type { Socket } from 'node:net'
import * as z from 'zod/mini'
import { messageOf, ResilError } from '../errors.ts'
import { MAX_REQUEST_BYTES, type OperationName, type Reply } from '../protocol/control.ts'
import { drained } from './drained.ts'
import { lineReader } from './lines.ts'
import { findOperation, perform } from './operations.ts'
import type { ControlPort } from './port.ts'

/** Above it a stream of items waits, or drops and counts; requests are not read. */
const FULL_BYTES = 256 * 1024
/** Above it the client has stopped reading for good: a status document of a thousand workers fits ten times. */
const HANG_UP_BYTES = 8 * 1024 * 1024
const MAX_REQUESTS_IN_HAND = 32
/** For replies on their way when the supervisor ends. */
const FLUSH_MS = 500

const Envelope = z.object({
  id: z.int(),
  op: z.string(),
  params: z._default(z.record(z.string(), z.unknown()), {}),
})

export interface Connection {
  /** Sends what is buffered, then hangs up; idempotent. */
  end(): Promise<void>
  readonly closed: Promise<void>
}

export function serveConnection(socket: Socket, port: ControlPort): Connection {
  const inHand = new Set<AbortController>()
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const controller of inHand) controller.abort(new ResilError('RESIL_BUSY', 'the client has gone'))
      resolve()
    })
  })
  // A client that vanishes (ECONNRESET, EPIPE); 'close' follows.
  socket.on('error', () => {})
  socket.on('drain', () => socket.resume())
  socket.on(
    'data',
    lineReader({
      maxBytes: MAX_REQUEST_BYTES,
      onLine,
      onTooLong: () => refuse(null, 'RESIL_BAD_REQUEST', `a request line is longer than ${MAX_REQUEST_BYTES} bytes`),
    }),
  )

  function onLine(line: string): void {
    if (line.trim() === '') return
    const envelope = parseEnvelope(line)
    if (!envelope.ok) return refuse(envelope.id, 'RESIL_BAD_REQUEST', envelope.problem)
    const { id, op, params } = envelope.request
    const operation = findOperation(op)
    if (!operation.ok) return refuse(id, 'RESIL_BAD_REQUEST', operation.problem)
    if (inHand.size >= MAX_REQUESTS_IN_HAND) {
      return refuse(id, 'RESIL_BUSY', `${MAX_REQUESTS_IN_HAND} requests are in hand on this connection already`)
    }
    void answer(id, operation.name, params)
  }

  async function answer(id: number, op: OperationName, params: unknown): Promise<void> {
    const controller = new AbortController()
    inHand.add(controller)
    const sink = { emit: (item: unknown) => send({ id, item } as Reply), full, drained: () => drained(socket, full) }
    try {
      const result = await perform(op, { port, params, sink, signal: controller.signal })
      send({ id, ok: true, result } as Reply)
    } catch (error) {
      refuse(id, error instanceof ResilError ? error.code : 'RESIL_INTERNAL', messageOf(error))
    } finally {
      inHand.delete(controller)
    }
  }

  function refuse(id: number | null, code: string, message: string): void {
    send({ id, ok: false, error: { code, message } })
  }

  function send(reply: Reply): void {
    if (!socket.writable) return
    socket.write(`${JSON.stringify(reply)}\n`)
    if (socket.writableLength > HANG_UP_BYTES) socket.destroy()
    else if (full()) socket.pause()
  }

  function full(): boolean {
    return socket.writableLength > FULL_BYTES
  }

  async function end(): Promise<void> {
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), FLUSH_MS)
    // The other side may never hang up, or never read: then the timer does it.
    socket.end(() => socket.destroy())
    await closed
    clearTimeout(timer)
  }

  return { end, closed }
}

type ParsedEnvelope =
  | { readonly ok: true; readonly request: z.infer<typeof Envelope> }
  | { readonly ok: false; readonly id: number | null; readonly problem: string }

function parseEnvelope(line: string): ParsedEnvelope {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { ok: false, id: null, problem: 'the request is not JSON: send one object per line, {"id":1,"op":"status"}' }
  }
  const parsed = Envelope.safeParse(value)
  if (parsed.success) return { ok: true, request: parsed.data }
  const id = Envelope.shape.id.safeParse((value as { id?: unknown } | null)?.id)
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') || 'the request'
  return { ok: false, id: id.success ? id.data : null, problem: `${where}: ${issue?.message ?? 'not valid'}` }
}
