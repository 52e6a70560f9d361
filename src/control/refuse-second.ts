// Two supervisors of one name and folder would fight for the same ports, and commands could not tell them apart.
// Another environment may have led the first one to another runtime folder, or another entry to another socket.

import { realpathSync } from 'node:fs'
import { alreadyRunning } from './claim-socket.ts'
import { reach } from './reach.ts'
import { mayLookInto, type RuntimeOwner, searchedDirs } from './runtime-dirs.ts'
import { socketNamePrefix } from './socket-path.ts'
import { socketsIn } from './sockets-in.ts'

/** Throws RESIL_ALREADY_RUNNING. */
export async function refuseSecond(
  { name, dir }: { readonly name: string; readonly dir: string },
  owner: RuntimeOwner,
): Promise<void> {
  const dirs = searchedDirs(owner).filter((one) => mayLookInto(one, owner.uid))
  const paths = dirs.flatMap(({ path }) => socketsIn(path, socketNamePrefix(name)))
  for (const reached of await Promise.all(paths.map(reach))) {
    if (reached.status !== 'running') continue
    const { info, client } = reached.found
    client.close()
    if (info.name === name && real(info.dir) === real(dir)) throw alreadyRunning(name, `(pid ${info.pid})`)
  }
}

function real(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}
