// Finds the running supervisor that a command means, and connects to it. Which of several: choose.ts.
// Loaded by every command, so light: a ping to each socket, no schema. Stale sockets count for nothing.

import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ResilError } from '../errors.ts'
import { choose } from './choose.ts'
import { type FoundSupervisor, notPermitted, type Reached, reach } from './reach.ts'
import { mayLookInto, type RuntimeDir, type RuntimeOwner, searchedDirs } from './runtime-dirs.ts'
import { entriesOf, socketsIn } from './sockets-in.ts'

export type { FoundSupervisor } from './reach.ts'

export interface Search extends RuntimeOwner {
  /** `--socket` or RESIL_SOCKET, absolute. */
  readonly socket: string | undefined
  /** What the command is about: an app, app:slot, or a supervisor's name. */
  readonly target: string | undefined
  /** A real path. */
  readonly cwd: string
}

/** Throws a ResilError that says what there is instead. The caller closes the client of what it gets. */
export async function findSupervisor(search: Search): Promise<FoundSupervisor> {
  if (search.socket !== undefined) {
    const reached = await reach(search.socket)
    if (reached.status === 'running') return reached.found
    throw reached.error
  }
  const dirs = searchedDirs(search)
  const usable = dirs.filter((dir) => mayLookInto(dir, search.uid))
  const reached = await Promise.all(usable.flatMap(({ path }) => socketsIn(path)).map(reach))
  const running = reached.flatMap((one) => (one.status === 'running' ? [withRealDir(one.found)] : []))
  if (running.length === 0) throw await whyNone(reached, dirs, search.uid)
  const choice = choose(running, search)
  for (const one of running) if (!choice.ok || one !== choice.chosen) one.client.close()
  if (choice.ok) return choice.chosen
  throw choice.error
}

/** Not permitted says more than no answer, and that says more than nobody. */
async function whyNone(reached: readonly Reached[], dirs: readonly RuntimeDir[], uid: number): Promise<ResilError> {
  const troubles = reached.flatMap((one) => (one.status === 'mute' ? [one.error] : []))
  const trouble = troubles.find(({ code }) => code === 'RESIL_NOT_PERMITTED') ?? troubles[0]
  if (trouble !== undefined) return trouble
  const details: string[] = []
  const others = dirs.flatMap(({ path, kind }) => (kind === 'shared' ? foldersOfOthers(path, uid) : []))
  for (const folder of others) {
    // Only root can look inside; to all others the folder itself is the only sign.
    for (const path of socketsIn(folder.path)) {
      const found = await reach(path)
      if (found.status !== 'running') continue
      found.found.client.close()
      return notPermitted(path, folder.uid)
    }
    if (uid !== 0) details.push(`  uid ${folder.uid} may have one: try this command with sudo -u '#${folder.uid}'`)
  }
  const message = 'no supervisor is running here; start one with `resil start app.js`'
  return new ResilError('RESIL_NO_SUPERVISOR', message, { details: details.slice(0, 1) })
}

/** `/tmp/resil-0` beside `/tmp/resil-1000`. */
function foldersOfOthers(own: string, uid: number): { readonly path: string; readonly uid: number }[] {
  const parent = dirname(own)
  return entriesOf(parent).flatMap((entry) => {
    const owner = Number(/^resil-(\d+)$/.exec(entry.name)?.[1] ?? uid)
    return entry.isDirectory() && owner !== uid ? [{ path: join(parent, entry.name), uid: owner }] : []
  })
}

/** As process.cwd() gives it, so that the two can be compared. */
function withRealDir(found: FoundSupervisor): FoundSupervisor {
  try {
    return { ...found, info: { ...found.info, dir: realpathSync(found.info.dir) } }
  } catch {
    return found
  }
}
