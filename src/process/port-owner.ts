// Who listens on a TCP port of this machine: the answer that the person in front of "port in use" looks for next.
// Linux only, best effort: /proc/net/tcp names the socket's inode, /proc/<pid>/fd who holds it.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTEN = '0A'
const SOCKET = /^socket:\[(\d+)\]$/

/** "pid 123 (node server.js)", or that it is one of our own; null where it can't be told (another user's process, not Linux). */
export function ownerOfPort(port: number): string | null {
  const known = lastAnswer
  if (known?.port === port && performance.now() - known.at < FRESH_MS) return known.owner
  lastAnswer = { port, owner: findOwner(port), at: performance.now() }
  return lastAnswer.owner
}

/** All workers fail on a port at once, and some apps try again each second; the search reads every process's descriptors. */
const FRESH_MS = 5_000
let lastAnswer: { readonly port: number; readonly owner: string | null; readonly at: number } | null = null

function findOwner(port: number): string | null {
  const inodes = listeningInodes(port)
  if (inodes.size === 0) return null
  for (const pid of entriesOf('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    if (entriesOf(`/proc/${pid}/fd`).some((fd) => inodes.has(inodeOf(`/proc/${pid}/fd/${fd}`)))) {
      return Number(pid) === process.pid
        ? 'another app of this supervisor, or its admin port'
        : `pid ${pid}${nameOf(pid)}`
    }
  }
  return null
}

function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>()
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n')) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === LISTEN && inode !== undefined && local?.endsWith(suffix)) inodes.add(inode)
    }
  }
  return inodes
}

function nameOf(pid: string): string {
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  return command === '' ? '' : ` (${command.length > 60 ? `${command.slice(0, 59)}…` : command})`
}

function inodeOf(link: string): string {
  try {
    return SOCKET.exec(readlinkSync(link))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** Processes come and go while we look: what has gone reads as empty. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
