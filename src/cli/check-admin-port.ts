// Whether a start would find its admin port taken: said by `resil check`, since a start goes on without it.

import { createServer } from 'node:net'
import type { Settings } from '../config/settings.ts'
import { findRunning } from '../control/refuse-second.ts'
import { ownerOfPort } from '../process/port-owner.ts'
import type { CliContext } from './context.ts'

/** null: it is off, or free, or taken by this very service. */
export async function adminPortWarning(settings: Settings, context: CliContext): Promise<string | null> {
  const { admin } = settings
  if (admin === undefined || !(await isTaken(admin))) return null
  const owner = ownerOfPort(admin.port)
  const running = await findRunning(settings, context)
  if (running !== null && (owner === null || owner.startsWith(`pid ${running.pid} `))) return null
  return `admin.port ${admin.port} is taken${owner === null ? '' : ` by ${owner}`}: a start would run the service without probes and metrics until it is free`
}

function isTaken({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen({ host, port }, () => server.close(() => resolve(false)))
  })
}
