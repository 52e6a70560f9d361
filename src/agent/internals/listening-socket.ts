// The native socket of a server that listens on a port. Under round robin there is none: the supervisor has it.
// Node: lib/net.js keeps it as `_handle`; the stand-in of lib/internal/cluster/child.js (rr) has no bind6.

import type { Server } from 'node:net'

interface Handle {
  bind6?: unknown
  getsockname?(out: { port?: number }): number
}

export function socketOn(servers: Iterable<Server>, port: number): object | null {
  for (const server of servers) {
    const { _handle: handle } = server as unknown as { readonly _handle: Handle | null }
    if (typeof handle?.bind6 !== 'function') continue
    const name: { port?: number } = {}
    handle.getsockname?.(name)
    if (name.port === port) return handle
  }
  return null
}
