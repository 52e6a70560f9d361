// Asks a supervisor over its control socket. On the path of every command: node:net and nothing else is loaded here.

import { connect, type Socket } from 'node:net'
import { ResilError, type ResilErrorCode } from '../errors.ts'
import type { ItemOf, OperationName, ParamsOf, Reply, Request, ResultOf } from '../protocol/control.ts'
import { lineReader } from './lines.ts'

/** Above any status document and log line; a peer that sends more is no supervisor. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024

export interface RequestOptions<Op extends OperationName> {
  readonly onItem?: (item: ItemOf<Op>) => void
  /** Ends the waiting, not what was asked for. */
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

export interface ControlClient {
  /** Rejects with a ResilError: the supervisor's own, or RESIL_TIMEOUT, or RESIL_NO_SUPERVISOR when it goes away first. */
  request<Op extends OperationName>(op: Op, params: ParamsOf<Op>, options?: RequestOptions<Op>): Promise<ResultOf<Op>>
  /** Settles when the connection has ended, by whichever side. */
  readonly closed: Promise<void>
  close(): void
}

/** Rejects with the system's error: ENOENT nobody ever, ECONNREFUSED nobody any more, EACCES somebody else's. */
export function connectControl(path: string): Promise<ControlClient> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(speak(socket))
    })
  })
}

interface Pending {
  readonly onItem: (item: never) => void
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

function speak(socket: Socket): ControlClient {
  const pending = new Map<number, Pending>()
  let lastId = 0

  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const { reject } of pending.values()) reject(goneAway())
      pending.clear()
      resolve()
    })
  })
  // What went wrong is told to each request by 'close', which follows.
  socket.on('error', () => {})
  socket.on(
    'data',
    lineReader({
      maxBytes: MAX_REPLY_BYTES,
      onLine,
      onTooLong: () => socket.destroy(),
    }),
  )

  function onLine(line: string): void {
    const reply = parse(line)
    if (reply === null) {
      socket.destroy()
      return
    }
    const waiting = reply.id === null ? undefined : pending.get(reply.id)
    if ('item' in reply) {
      waiting?.onItem(reply.item as never)
      return
    }
    if (reply.id !== null) pending.delete(reply.id)
    if (reply.ok) waiting?.resolve(reply.result as never)
    else waiting?.reject(new ResilError(knownCode(reply.error.code), reply.error.message))
  }

  function request<Op extends OperationName>(
    op: Op,
    params: ParamsOf<Op>,
    { onItem, signal, timeoutMs }: RequestOptions<Op> = {},
  ): Promise<ResultOf<Op>> {
    return new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(goneAway())
      if (signal?.aborted) return reject(signal.reason)
      lastId += 1
      const id = lastId
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              // Where this process was not run for a while, the answer has come and is read in this turn of the loop, after timers.
              setImmediate(() => {
                settle()
                reject(new ResilError('RESIL_TIMEOUT', `no answer to ${op} within ${timeoutMs} ms`))
              })
            }, timeoutMs)
      const onAbort = (): void => {
        settle()
        reject(signal?.reason)
      }
      const settle = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        pending.delete(id)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      pending.set(id, {
        onItem: (item) => onItem?.(item),
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      const line: Request<Op> = { id, op, params }
      socket.write(`${JSON.stringify(line)}\n`)
    })
  }

  return { request, closed, close: () => socket.destroy() }
}

/** null: not what a supervisor says. */
function parse(line: string): Reply | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'id' in value ? (value as Reply) : null
  } catch {
    return null
  }
}

function goneAway(): ResilError {
  return new ResilError('RESIL_NO_SUPERVISOR', 'the supervisor went away before it answered')
}

/** For each code once, so that the compiler asks for a new one here. */
const KNOWN_CODES: Readonly<Record<ResilErrorCode, true>> = {
  RESIL_USAGE: true,
  RESIL_CONFIG: true,
  RESIL_NO_SUPERVISOR: true,
  RESIL_AMBIGUOUS: true,
  RESIL_ALREADY_RUNNING: true,
  RESIL_NOT_PERMITTED: true,
  RESIL_BAD_REQUEST: true,
  RESIL_UNKNOWN_TARGET: true,
  RESIL_BUSY: true,
  RESIL_RELOAD_FAILED: true,
  RESIL_NEVER_READY: true,
  RESIL_TIMEOUT: true,
  RESIL_INTERNAL: true,
}

/** A supervisor of another version may say what this one does not know. */
function knownCode(code: string): ResilErrorCode {
  return Object.hasOwn(KNOWN_CODES, code) ? (code as ResilErrorCode) : 'RESIL_INTERNAL'
}
