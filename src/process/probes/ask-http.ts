// GET over a connection to one worker. A status from 200 to 399 passes; redirects are not followed.

import type { ClientRequest, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { messageOf } from '../../errors.ts'
import type { WorkerHandle } from '../worker-handle.ts'
import { NO_ANSWER, type ProbeAnswer } from './answer.ts'

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0'])

/** `target`: a path on the worker's first port, or a URL. */
export async function askHttp(
  worker: WorkerHandle,
  target: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const startedAt = performance.now()
  const name = `GET ${target}`
  const url = new URL(target, 'http://localhost')
  if (!target.startsWith('/') && !LOCAL.has(url.hostname)) return get(url, null, name, timeoutMs, signal)
  const endpoint = target.startsWith('/') ? null : url.port || (url.protocol === 'https:' ? '443' : '80')
  const connection = await worker.probeConnection(endpoint, timeoutMs)
  if (connection.ok) {
    const leftMs = timeoutMs - (performance.now() - startedAt)
    return get(url, connection.socket, name, Math.max(1, leftMs), signal)
  }
  switch (connection.reason) {
    case 'unavailable':
    case 'gone':
      return NO_ANSWER
    case 'not-serving':
      // Another process beside it, such as a sidecar, may be what is meant.
      return endpoint === null ? NO_ANSWER : get(url, null, name, timeoutMs, signal)
    case 'refused':
    case 'timed-out':
      return { ok: false, detail: `${name}: ${connection.message}` }
  }
}

/** `socket`: to the worker; null: wherever the URL leads. */
async function get(
  url: URL,
  socket: Socket | null,
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  // Fetched late: a supervisor without such probes does not pay for them.
  const { request } = await import('node:http')
  const secure = url.protocol === 'https:'
  const https = secure ? await import('node:https') : null
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    method: 'GET',
    signal,
    headers: { 'user-agent': 'resil-probe', connection: 'close' },
    // Whom it speaks to is known already; a certificate for another name is no illness.
    rejectUnauthorized: false,
  }
  // With any agent, `false` included, Node would make a connection of its own (lib/_http_client.js).
  if (socket === null) options.agent = false
  else options.createConnection = await connectionOver(socket, secure, url.hostname)
  return new Promise((resolve) => {
    let asked: ClientRequest | null = null
    const settle = (answer: ProbeAnswer): void => {
      clearTimeout(timer)
      asked?.destroy()
      socket?.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => settle({ ok: false, detail: `${name}: no answer in time` }), timeoutMs)
    asked = (https?.request ?? request)(url, options, ({ statusCode = 0 }) => {
      settle({ ok: statusCode >= 200 && statusCode < 400, detail: `${name}: ${statusCode}` })
    })
    asked.on('error', (error) => settle({ ok: false, detail: `${name}: ${messageOf(error)}` }))
    asked.end()
  })
}

async function connectionOver(
  socket: Socket,
  secure: boolean,
  servername: string,
): Promise<NonNullable<RequestOptions['createConnection']>> {
  if (!secure) return () => socket
  const { connect } = await import('node:tls')
  return () =>
    connect({ socket, servername: /^[\d.[\]:]+$/.test(servername) ? '' : servername, rejectUnauthorized: false })
}
