// The control socket as part of a supervisor: where it goes, and whether a supervisor can do without it. Its own life is
// control/server.ts's.

import type { Settings } from '../config/settings.ts'
import { type ControlServer, type ControlServerOptions, openControlServer } from '../control/server.ts'
import { identityOf, placeSocket, type SocketPlace } from '../control/socket-path.ts'
import { ResilError } from '../errors.ts'

export function socketPlace(settings: Settings, env: NodeJS.ProcessEnv): SocketPlace {
  if (settings.socket !== undefined) return { path: settings.socket, warnings: [] }
  return placeSocket(identityOf(settings), { env, uid: process.getuid?.() ?? 0 })
}

/** null: there is none, and the supervisor runs on without commands. */
export async function openControl(
  { socket }: Settings,
  path: string | null,
  options: Omit<ControlServerOptions, 'path'>,
  warn: (message: string) => void,
): Promise<ControlServer | null> {
  if (path === null) return null
  try {
    return await openControlServer({ ...options, path })
  } catch (error) {
    // A place that nobody asked for and that fails all the same (a full disk) costs the commands, not the service.
    if (socket !== undefined || !(error instanceof ResilError) || error.code !== 'RESIL_NOT_PERMITTED') throw error
    warn(`${error.message}; commands won't work`)
    return null
  }
}
