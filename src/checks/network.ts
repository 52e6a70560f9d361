// Whether somebody answers: a TCP port, an HTTP URL. Both end with the check's signal.

import { connect } from 'node:net'
import type { Check } from '../patterns/health/check.ts'
import { checkKeys, numberOption } from '../patterns/options.ts'

export interface TcpCheckOptions {
  readonly host: string
  readonly port: number
}

export function tcpCheck(options: TcpCheckOptions): Check<true> {
  checkKeys('checks.tcp', options, ['host', 'port'])
  const { host } = options
  const port = numberOption('checks.tcp', 'port', options.port, 0, { min: 1, max: 65_535, integer: true })
  if (typeof host !== 'string' || host === '') throw new TypeError('checks.tcp: host is required')
  return { dependency: true, run: (signal) => connects(host, port, signal) }
}

function connects(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const onAbort = (): void => void socket.destroy(signal.reason as Error)
    const done = (): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => {
      done()
      resolve(true)
    })
    socket.once('error', (error) => {
      done()
      reject(error)
    })
  })
}

export interface HttpCheckOptions {
  readonly url: string
  /** Default any 2xx. */
  readonly expectStatus?: number | undefined
}

export function httpCheck(options: HttpCheckOptions): Check<true> {
  checkKeys('checks.http', options, ['url', 'expectStatus'])
  const { url, expectStatus } = options
  if (!URL.canParse(url)) throw new TypeError(`checks.http: url must be a whole URL, got ${JSON.stringify(url)}`)
  return {
    dependency: true,
    run: async (signal) => {
      const response = await fetch(url, { signal, redirect: 'manual' })
      await response.body?.cancel()
      const { status } = response
      const expected = expectStatus === undefined ? response.ok : status === expectStatus
      return { status: expected ? 'pass' : 'fail', output: `${url} answered ${status}` }
    },
  }
}
