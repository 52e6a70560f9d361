// What a worker has started and not let go: a spawnSync that hangs goes on when its worker is killed, one more with each worker
// that hangs in it. Whoever left the worker's session (`detached`, setsid, daemons) was let go on purpose and is left alone, and
// so are those of a worker that ends by itself.

import { readdirSync, readFileSync } from 'node:fs'
import { parseProcStat } from './proc-stat.ts'

/** Nobody, where the kernel does not tell (no /proc, or one without CONFIG_PROC_CHILDREN). */
export function descendantsOf(pid: number): number[] {
  const session = sessionOf(pid)
  if (session === null) return []
  const found: number[] = []
  for (let next: number[] = [pid]; next.length > 0; ) {
    next = next.flatMap(startedBy).filter((one) => !found.includes(one) && sessionOf(one) === session)
    found.push(...next)
  }
  return found
}

/** SIGKILL leaves a process no time to end what it started. Returns whether there was such a process. */
export function killWithDescendants(pid: number, kill: (pid: number) => boolean = killProcess): boolean {
  // Looked for first: they are nobody's descendants as soon as it is dead.
  const descendants = descendantsOf(pid)
  const killed = kill(pid)
  for (const each of descendants) killProcess(each)
  return killed
}

function killProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended in this very moment.
    return false
  }
}

/** By any of its threads: a spawnSync in a worker thread is listed with that. */
function startedBy(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const pids = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim()
      return pids === '' ? [] : pids.split(' ').map(Number)
    })
  } catch {
    return []
  }
}

function sessionOf(pid: number): number | null {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).session
  } catch {
    return null
  }
}
