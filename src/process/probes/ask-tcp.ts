// Whether a connection is taken: by the worker itself where it listens on that port, else by whoever listens there.

import { connect } from 'node:net'
import type { WorkerHandle } from '../worker-handle.ts'
import { NO_ANSWER, type ProbeAnswer } from './answer.ts'

export async function askTcp(
  worker: WorkerHandle,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const connection = await worker.probeConnection(String(port), timeoutMs)
  if (connection.ok) {
    connection.socket.destroy()
    return { ok: true, detail: `port ${port} takes connections` }
  }
  switch (connection.reason) {
    case 'unavailable':
    case 'gone':
      return NO_ANSWER
    case 'not-serving':
      return dial(port, timeoutMs, signal)
    case 'refused':
    case 'timed-out':
      return { ok: false, detail: connection.message }
  }
}

function dial(port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', signal })
    const settle = (ok: boolean, detail: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ok, detail })
    }
    const timer = setTimeout(() => settle(false, `port ${port}: no connection in time`), timeoutMs)
    socket.once('connect', () => settle(true, `port ${port} takes connections`))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(false, `port ${port}: ${error.code ?? error.message}`),
    )
  })
}
