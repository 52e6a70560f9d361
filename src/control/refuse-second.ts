// Two supervisors of one name and folder would fight for the same ports, and commands could not tell them apart.
// Another environment may have led the first one to another runtime folder, or another entry to another socket.

import { realpathSync } from 'node:fs'
import type { SupervisorInfo } from './choose.ts'
import { alreadyRunning } from './claim-socket.ts'
import { reach } from './reach.ts'
import { mayLookInto, type RuntimeOwner, searchedDirs } from './runtime-dirs.ts'
import { socketNamePrefix } from './socket-path.ts'
import { socketsIn } from './sockets-in.ts'

interface Identity {
  readonly name: string
  readonly dir: string
}

/** Throws RESIL_ALREADY_RUNNING. */
export async function refuseSecond(identity: Identity, owner: RuntimeOwner): Promise<void> {
  const running = await findRunning(identity, owner)
  if (running !== null) throw alreadyRunning(identity.name, `(pid ${running.pid})`)
}

/** null: there is none that answers. */
export async function findRunning({ name, dir }: Identity, owner: RuntimeOwner): Promise<SupervisorInfo | null> {
  const dirs = searchedDirs(owner).filter((one) => mayLookInto(one, owner.uid))
  const paths = dirs.flatMap(({ path }) => socketsIn(path, socketNamePrefix(name)))
  let found: SupervisorInfo | null = null
  for (const reached of await Promise.all(paths.map(reach))) {
    if (reached.status !== 'running') continue
    const { info, client } = reached.found
    client.close()
    if (info.name === name && real(info.dir) === real(dir)) found ??= info
  }
  return found
}

function real(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}
