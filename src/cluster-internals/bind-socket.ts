// A socket that is bound and does not listen yet, as workers get it from the supervisor. Who gets which is kept-port.ts's.
//
// Node: lib/net.js (_createServerHandle binds without listening; checkBindError). libuv: uv_tcp_flags in uv.h.

import net from 'node:net'
import { constants } from 'node:os'
import type { ListeningHandle } from './cluster-message.ts'

/** UV_TCP_REUSEPORT: libuv >= 1.49, Node >= 22.12. */
export const REUSE_PORT = 2
export const IN_USE = -constants.errno.EADDRINUSE

/** The socket, or the error's number. */
export function bindSocket(
  address: string | null,
  port: number,
  addressType: number,
  flags: number,
): ListeningHandle | number {
  const { _createServerHandle } = net as unknown as {
    _createServerHandle(
      address: string | null,
      port: number,
      type: number,
      fd: null,
      flags: number,
    ): ListeningHandle | number
  }
  const handle = _createServerHandle(address, port, addressType, null, flags)
  // A port in use is told by listen() only; until then the socket is bound to none.
  if (typeof handle === 'number' || port === 0 || portOf(handle) === port) return handle
  handle.close()
  return IN_USE
}

export function portOf(handle: ListeningHandle): number {
  const name: { port?: number } = {}
  handle.getsockname?.(name)
  return name.port ?? 0
}
