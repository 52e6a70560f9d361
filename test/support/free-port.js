// Ports for apps that bind them later, in processes of their own. What `listen(0)` had a moment ago may be somebody else's by then:
// another test's, or the near end of any connection on this machine. So they are below the range that the kernel picks from, and
// each is held, until this process ends, by a UDP socket of the same number, which is in no app's way and which all tests ask for.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 10_000
/** Where the kernel's own range begins: net.ipv4.ip_local_port_range. */
const BEYOND = 32_768

export async function freePort() {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (BEYOND - LOWEST))
    if ((await isHeld(port)) && (await isFree(port))) return port
  }
}

async function isHeld(port) {
  const holder = createSocket({ type: 'udp4' })
  holder.unref()
  try {
    const bound = once(holder, 'listening')
    holder.bind({ port, address: '127.0.0.1', exclusive: true })
    await bound
    return true
  } catch {
    holder.close()
    return false
  }
}

async function isFree(port) {
  const server = createServer()
  try {
    const listening = once(server, 'listening')
    server.listen(port)
    await listening
    return true
  } catch {
    return false
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
}
