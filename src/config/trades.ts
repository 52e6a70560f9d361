// What a person gives away, for speed or by oversight, said where they can't overlook it: at the start and by `check`.

import { dirname } from 'node:path'
import { nearestNamedPackage } from './files/package-json.ts'
import type { AppSettings, Settings } from './settings.ts'

export function tradeWarnings({ schedule, apps }: Settings): string[] {
  const shared =
    schedule === 'shared'
      ? [
          'schedule "shared": workers accept for themselves, so load may be uneven, and no worker can be taken out of rotation',
        ]
      : []
  return [...shared, ...apps.flatMap((app) => [...reusePortTrade(app), ...stickyTrade(app), ...missedSticky(app)])]
}

function reusePortTrade({ name, reusePort }: AppSettings): string[] {
  return reusePort
    ? [
        `${name} has reusePort: the kernel chooses the worker without knowing which is busy, so no worker can be taken out of rotation, and other programs of the same user can join the port`,
      ]
    : []
}

function stickyTrade({ name, sticky }: AppSettings): string[] {
  return sticky
    ? [
        `${name} is sticky by client address: clients behind one proxy or NAT all go to one worker (behind a load balancer, use its own stickiness instead)`,
      ]
    : []
}

/** A session of socket.io's long polling takes several requests, which may come on several connections. */
function missedSticky({ name, script, instances, sticky }: AppSettings): string[] {
  if (sticky || instances < 2) return []
  const uses = nearestNamedPackage(dirname(script))?.dependencies.includes('socket.io') ?? false
  return uses
    ? [
        `${name} depends on socket.io and has ${instances} workers: long polling fails unless each client stays with one worker; set "sticky": true, or let clients use websockets only (transports: ['websocket'])`,
      ]
    : []
}
