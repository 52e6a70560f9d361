// When a process began, in the kernel's ticks since boot: with the pid it identifies a process for good, as pids are used again.

import { readFileSync } from 'node:fs'

/** null: it has gone, or this is not Linux. */
export function startTimeOf(pid: number): string | null {
  return fieldsOf(pid)[19] ?? null
}

/** Whether that very process runs, or is stopped or blocked; one that only waits to be reaped does not. */
export function isAlive({ pid, began }: { readonly pid: number; readonly began: string }): boolean {
  const fields = fieldsOf(pid)
  return fields[0] !== 'Z' && fields[19] === began
}

/** The name in parentheses may hold spaces and parentheses; the state is field 3, the first after it, the start time field 22. */
function fieldsOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
