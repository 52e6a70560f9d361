// Opens the connection that a command speaks over, and closes it whatever comes.

import { resolve } from 'node:path'
import { type FoundSupervisor, findSupervisor } from '../control/find.ts'
import type { CliContext } from './context.ts'

export async function withSupervisor<Result>(
  context: CliContext,
  { socket, target }: { readonly socket?: string | undefined; readonly target?: string | undefined },
  use: (found: FoundSupervisor) => Promise<Result>,
): Promise<Result> {
  const { env, cwd, uid } = context
  const explicit = socket ?? env.RESIL_SOCKET
  const found = await findSupervisor({
    socket: explicit ? resolve(cwd, explicit) : undefined,
    target,
    cwd,
    env,
    uid,
  })
  try {
    return await use(found)
  } finally {
    found.client.close()
  }
}

/** The app that is meant; undefined where the supervisor itself is, by its name or by none. An app of the same name wins. */
export function appOf({ info }: FoundSupervisor, target: string | undefined): string | undefined {
  return target === info.name && !info.apps.includes(target) ? undefined : target
}
