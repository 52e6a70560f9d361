// Writes to stdout or stderr of the supervisor without ever waiting for whoever reads them.
//
// Why not process.stdout or fs.write: process.stdout buffers without bound, and sets O_NONBLOCK on the description that it
// shares with every other writer of the pipe (a `make` beside us then fails with EAGAIN). fs.write blocks a thread of
// libuv's pool on a full pipe, and process.exit then joins that thread for ever (seen on Node 20, 22, 24 and 26).
// So: an own, non-blocking description of the same pipe or terminal, written synchronously; EAGAIN means "later".

import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { codeOf, type Target } from './target.ts'

/** `fd` stays open: it is the supervisor's own. */
export function createStreamTarget(fd: number, name: string): Target {
  // A redirect to a regular file. It is never "full", but a slow disk could block: hence the thread pool.
  if (isRegularFile(fd)) return { name, write: (bytes) => writeInPool(fd, bytes), close: () => undefined }
  const own = openNonBlocking(fd)
  return {
    name,
    write(bytes) {
      try {
        return { written: writeSync(own.fd, bytes), error: null }
      } catch (error) {
        return { written: 0, error: codeOf(error) }
      }
    },
    close: own.close,
  }
}

/** Whether both lead to the same place, so that one queue must keep their order. */
export function isSameTarget(left: number, right: number): boolean {
  try {
    const [a, b] = [fstatSync(left), fstatSync(right)]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}

function isRegularFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}

function writeInPool(fd: number, bytes: Buffer): ReturnType<Target['write']> {
  return new Promise((resolve) => {
    write(fd, bytes, (error, written) => resolve({ written: written ?? 0, error: error ? codeOf(error) : null }))
  })
}

interface OwnDescriptor {
  readonly fd: number
  /** Referred to for as long as we write: collected, it would close the descriptor. */
  readonly holder: unknown
  close(): void
}

function openNonBlocking(fd: number): OwnDescriptor {
  try {
    // Through /proc a pipe or terminal gets a description of our own, so the flag is ours alone.
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return { fd: own, holder: null, close: () => closeSync(own) }
  } catch {
    // A socket (systemd, a Node parent) has no path, and a container's pipe may belong to another user.
    return { fd, holder: holdNonBlocking(fd), close: () => undefined }
  }
}

/** libuv sets O_NONBLOCK on pipes and sockets that it opens, and Node takes it back at exit. A terminal stays blocking. */
function holdNonBlocking(fd: number): unknown {
  try {
    if (fd === 1) return process.stdout
    if (fd === 2) return process.stderr
    return new Socket({ fd, readable: false, writable: true })
  } catch {
    return null
  }
}
