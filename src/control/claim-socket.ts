// Makes a socket path free to listen on: nobody there, or only the remains of one who was killed. A live one stays.

import { linkSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { ResilError } from '../errors.ts'
import { reach } from './reach.ts'

/** Throws RESIL_ALREADY_RUNNING where somebody listens, and RESIL_USAGE where the path is no socket. */
export async function claimSocket(path: string, name: string): Promise<void> {
  const before = statOf(path)
  if (before === null) return
  // connect() to an ordinary file is refused as well, and that file is somebody's.
  if (!before.isSocket()) {
    throw new ResilError('RESIL_USAGE', `${path} exists and is not a socket: name another path with --socket`)
  }
  const reached = await reach(path)
  switch (reached.status) {
    case 'nobody':
      removeStale(path, before)
      return
    case 'running': {
      const { info, client } = reached.found
      client.close()
      throw alreadyRunning(name, `(pid ${info.pid})`)
    }
    case 'mute':
      if (reached.error.code === 'RESIL_NOT_PERMITTED') throw reached.error
      throw alreadyRunning(name, `but does not answer on ${path}`)
  }
}

export function alreadyRunning(name: string, detail: string): ResilError {
  return new ResilError(
    'RESIL_ALREADY_RUNNING',
    `${name} is already running ${detail}: use \`resil reload ${name}\`, \`resil stop ${name}\`, or start with another --name`,
  )
}

/**
 * Two starts at once may both have seen the same remains. A plain unlink of the slower one would remove the socket
 * that the faster one listens on by now; a rename shows what it took, and gives it back.
 */
function removeStale(path: string, seen: Stats): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    // Gone already: the other one was faster. Its listen() and ours decide.
    return
  }
  const taken = statOf(aside)
  if (taken !== null && !isSame(taken, seen)) {
    try {
      linkSync(aside, path)
    } catch {
      // A third one listens there now.
    }
  }
  unlinkSync(aside)
}

/** Inode numbers are used again; together with the time of birth they name one file. */
export function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.birthtimeMs === b.birthtimeMs
}

export function statOf(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}
