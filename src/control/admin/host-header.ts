// Pure: whether a request was meant for this server, by its Host header. A page in somebody's browser can make its own name point
// to 127.0.0.1 (DNS rebinding) and then ask here with that browser's reach; but the name stays in the header.

import { isIP } from 'node:net'
import { isLoopback } from '../../config/admin.ts'

/** `host`: undefined where there was none, which no browser does. `bound`: as configured. */
export function isOwnHost(host: string | undefined, bound: string): boolean {
  if (host === undefined) return true
  const name = nameOf(host.trim().toLowerCase())
  if (name === null) return false
  if (name === 'localhost' || name === '127.0.0.1' || name === '::1' || name === bound.toLowerCase()) return true
  // An address as such can't be rebound: whoever asks for it has meant it.
  return isIP(name) !== 0 && !isLoopback(bound)
}

/** Without port and brackets; null: not the form of a host. */
function nameOf(host: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^[\]:/@\s]+))(?::\d{1,5})?$/.exec(host) ?? []
  return bracketed ?? plain ?? null
}
