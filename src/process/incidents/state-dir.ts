// Where incidents are kept: the folder of a supervisor, and the places where commands look for such folders when none answers.

import { join, resolve } from 'node:path'
import { prepareDir, runtimeDirs } from '../../control/runtime-dirs.ts'
import { type SocketIdentity, socketFileName } from '../../control/socket-path.ts'

export interface StateOwner {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid: number
}

export interface StatePlace {
  /** null: nowhere; what is recorded lives as long as the supervisor. */
  readonly dir: string | null
  /** For the person who starts. */
  readonly warnings: readonly string[]
}

/** In the order in which they are tried. The last ones are gone after a reboot, and better than nothing. */
export function stateRoots({ env, uid }: StateOwner): string[] {
  const roots: string[] = []
  if (env.XDG_STATE_HOME?.startsWith('/')) roots.push(join(env.XDG_STATE_HOME, 'resil'))
  if (env.HOME?.startsWith('/')) roots.push(join(env.HOME, '.local/state/resil'))
  roots.push('/var/lib/resil')
  for (const { path } of runtimeDirs({ env, uid })) roots.push(join(path, 'state'))
  return roots
}

/** `chosen`: stateDir. Each supervisor has a folder of its own in it, named as its socket is. */
export function placeState(identity: SocketIdentity, chosen: string | undefined, owner: StateOwner): StatePlace {
  const name = socketFileName(identity).replace(/\.sock$/, '')
  const refusals: string[] = []
  for (const root of chosen === undefined ? stateRoots(owner) : [resolve(chosen)]) {
    const dir = join(root, name)
    // As with a runtime folder that somebody names: its parents are made, and its mode is theirs to choose.
    const refusal = prepareDir({ path: dir, kind: 'chosen' }, owner.uid)
    if (refusal === null) return { dir, warnings: [] }
    refusals.push(`${dir}: ${refusal}`)
  }
  return {
    dir: null,
    warnings: [
      `incidents are kept in memory only, and are lost when resil ends; set stateDir to a folder that can be written (${refusals.join('; ')})`,
    ],
  }
}
