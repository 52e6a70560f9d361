// Which folders may hold control sockets, and whether one is safe to use. Clients load this too: node:fs and nothing else.
// Systemd, ssh and cron see different environments of one user, so commands look in more folders than a supervisor tries.

import { accessSync, chmodSync, constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'

export interface RuntimeDir {
  readonly path: string
  /**
   * chosen: by RESIL_RUNTIME_DIR; root may own it, as with a volume of a container, and its mode is the operator's affair.
   * session: in XDG_RUNTIME_DIR, which must be the user's own. shared: in a folder that everybody writes to.
   */
  readonly kind: 'chosen' | 'session' | 'shared'
}

export interface RuntimeOwner {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid: number
}

/** In the order in which a supervisor tries them. */
export function runtimeDirs({ env, uid }: RuntimeOwner): RuntimeDir[] {
  const dirs: RuntimeDir[] = []
  if (env.RESIL_RUNTIME_DIR) dirs.push({ path: resolve(env.RESIL_RUNTIME_DIR), kind: 'chosen' })
  if (env.XDG_RUNTIME_DIR?.startsWith('/')) dirs.push({ path: resolve(env.XDG_RUNTIME_DIR, 'resil'), kind: 'session' })
  dirs.push({ path: `/tmp/resil-${uid}`, kind: 'shared' }, { path: `/dev/shm/resil-${uid}`, kind: 'shared' })
  return dirs
}

/**
 * Where a command looks. A usable RESIL_RUNTIME_DIR is a world of its own: whoever starts a supervisor with it uses it.
 * Else all of the user's folders, the session's also where `su`, `sudo` or cron dropped XDG_RUNTIME_DIR.
 */
export function searchedDirs(owner: RuntimeOwner): RuntimeDir[] {
  const dirs = runtimeDirs(owner)
  const [first] = dirs
  if (first?.kind === 'chosen' && mayLookInto(first, owner.uid)) return [first]
  const session = `/run/user/${owner.uid}/resil`
  if (!dirs.some(({ path }) => path === session)) dirs.push({ path: session, kind: 'session' })
  return dirs
}

/** Whether what stands in it can be believed. Another user's folder that the operator chose is read, not written. */
export function mayLookInto(dir: RuntimeDir, uid: number): boolean {
  return refusalOf(dir, uid, constants.R_OK | constants.X_OK) === null
}

/** Makes the folder where it is missing. null: usable; else why not, in words. */
export function prepareDir(dir: RuntimeDir, uid: number): string | null {
  const refusal = refusalOfParent(dir, uid)
  if (refusal !== null) return refusal
  try {
    makeDir(dir.path, dir.kind === 'chosen')
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'EEXIST') return code === 'ENOENT' ? `${dirname(dir.path)} does not exist` : wordsOf(code)
  }
  const found = statOf(dir.path)
  // An older or careless hand left it open to others. Only where it is ours can it be, and should it be, corrected.
  if (dir.kind !== 'chosen' && found?.isDirectory() && found.uid === uid && isOpenToOthers(found)) {
    try {
      chmodSync(dir.path, 0o700)
    } catch (error) {
      return wordsOf(codeOf(error))
    }
  }
  return refusalOf(dir, uid, constants.W_OK | constants.X_OK)
}

/** Not mkdir's own `recursive`: below /proc, where ENOENT means no, it tries for ever (Node 20 to 26). */
function makeDir(path: string, withParents: boolean): void {
  if (withParents && statOf(dirname(path)) === null) makeDir(dirname(path), true)
  mkdirSync(path, { mode: 0o700 })
}

/** null: usable. Another user's folder or a symbolic link could lead a command, or a second start, astray. */
function refusalOf(dir: RuntimeDir, uid: number, access: number): string | null {
  const found = statOf(dir.path)
  const chosen = dir.kind === 'chosen'
  if (found === null) return 'it does not exist'
  if (found.isSymbolicLink()) return 'it is a symbolic link'
  if (!found.isDirectory()) return 'it is not a folder'
  if (found.uid !== uid && !(chosen && found.uid === 0)) return `it belongs to another user (uid ${found.uid})`
  if (!chosen && isOpenToOthers(found)) return 'others may enter it'
  const refusal = refusalOfParent(dir, uid)
  if (refusal !== null) return refusal
  try {
    accessSync(dir.path, access)
    return null
  } catch (error) {
    return wordsOf(codeOf(error))
  }
}

/** `sudo` without -i leaves the session folder of the user before: what root put there would be in that one's way. */
function refusalOfParent(dir: RuntimeDir, uid: number): string | null {
  if (dir.kind !== 'session') return null
  const parent = dirname(dir.path)
  const found = statOf(parent)
  if (found === null) return `${parent} does not exist`
  return found.uid === uid ? null : `${parent} belongs to another user (uid ${found.uid})`
}

function isOpenToOthers(found: Stats): boolean {
  return (found.mode & 0o077) !== 0
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

function wordsOf(code: string): string {
  switch (code) {
    case 'EROFS':
      return 'the file system is read-only'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOSPC':
      return 'no space is left'
    default:
      return code
  }
}
