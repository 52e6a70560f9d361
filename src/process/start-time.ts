// When a process began, in the kernel's ticks since boot: with the pid it identifies a process for good, as pids are used again.

import { readFileSync } from 'node:fs'

/** null: it has gone, or this is not Linux. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces and parentheses; the start time is field 22, the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
