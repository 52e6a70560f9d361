// How many file descriptors a process has open, how many it may have, and what most of them are. What can't be read is null.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { AppSettings } from '../config/settings.ts'

/** A look at one descriptor costs some 3 µs. */
const MOST_LOOKED_AT = 2_000
/** Of those looked at, from which a kind of them stands out. */
const STANDS_OUT = 0.25

/** Linux from 6.2 on tells the count as the size of the folder; before, that is 0 and the names must be counted. */
export function openDescriptors(pid: number): number | null {
  try {
    const folder = `/proc/${pid}/fd`
    return statSync(folder).size || readdirSync(folder).length
  } catch {
    return null
  }
}

/** RLIMIT_NOFILE: the soft limit, which Node raises to the hard one when it starts. null: there is none, or it can't be read. */
export function descriptorLimit(pid: number | 'self'): number | null {
  try {
    return parseDescriptorLimit(readFileSync(`/proc/${pid}/limits`, 'latin1'))
  } catch {
    return null
  }
}

export function parseDescriptorLimit(limits: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? null : Number(soft)
}

/** Measured: with two workers resil has 32 open, with four 40; a worker with an empty server has 20. */
const OWN = 24
const OWN_PER_WORKER = 4
/** Below that there is hardly room for connections. */
const FEWEST = 256

/** What to say at a start about a limit that is low; nothing where it is not, or not known. */
export function limitWarning(
  limit: number | null,
  apps: readonly Pick<AppSettings, 'instances' | 'standby' | 'reload'>[],
): string[] {
  const processes = apps.reduce((sum, { instances, standby, reload }) => sum + instances + standby + reload.surge, 0)
  const needed = OWN + OWN_PER_WORKER * processes
  if (limit === null || limit >= Math.max(FEWEST, 2 * needed)) return []
  return [
    `no process may have more than ${limit} files open: resil needs about ${needed} here, each worker 20 and one for each connection; raise the limit (LimitNOFILE=, docker --ulimit nofile=, ulimit -n)`,
  ]
}

/** Of the newest, since a leak is among them. */
export function mostOf(pid: number): string | null {
  try {
    const folder = `/proc/${pid}/fd`
    const newest = readdirSync(folder).slice(-MOST_LOOKED_AT)
    return standsOut(newest.flatMap((fd) => targetOf(`${folder}/${fd}`)))
  } catch {
    return null
  }
}

/** `targets`: as /proc names them: "socket:[123]", "/var/log/app.log", "anon_inode:[eventfd]". */
export function standsOut(targets: readonly string[]): string | null {
  const counts = new Map<string, number>()
  for (const target of targets) {
    const kind = target.replace(/^(socket|pipe):\[\d+\]$/, '$1s')
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a)
  if (most === undefined || most[1] < targets.length * STANDS_OUT) return null
  const [kind, times] = most
  return `${Math.round((100 * times) / targets.length)} % of them ${kind}`
}

function targetOf(path: string): string[] {
  try {
    return [readlinkSync(path)]
  } catch {
    // Closed meanwhile.
    return []
  }
}
